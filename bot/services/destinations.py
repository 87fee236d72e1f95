"""The channels that alerts go to."""


class Destinations:
    """Contact ids of the staff channels; bot.app sets them at the start, a chat that moves changes
    them. Call it for those of now."""

    def __init__(self) -> None:
        self.ids: tuple[int, ...] = ()

    def __call__(self) -> tuple[int, ...]:
        return self.ids

    def moved(self, old: int, new: int) -> None:
        """The chat of contact `old` is that of contact `new`: told once, there."""
        self.ids = tuple(dict.fromkeys(new if one == old else one for one in self.ids))
