"""Starts the command line: `stockbell <command>`, or `python -m bot <command>`."""

from bot.loading import loading


def main() -> None:
    """Run the command that was typed."""
    with loading():
        from bot.commands import main as commands
    commands()


if __name__ == "__main__":
    main()
