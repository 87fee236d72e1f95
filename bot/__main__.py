"""Starts the command line: `stockbell <command>`, or `python -m bot <command>`."""

import gc


def main() -> None:
    """Run the command that was typed.

    The imports make a million objects that stay. To look for garbage among them takes a fifth of
    the start, and later pauses whoever waits for an answer: they are taken out of that for good.
    """
    gc.disable()
    from bot.commands import main as commands

    gc.freeze()
    gc.enable()
    commands()


if __name__ == "__main__":
    main()
