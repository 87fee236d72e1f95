"""The channels that alerts go to."""

from collections.abc import Container, Mapping
from typing import Any

from bot.domain.notices import Lane, NewNotice, NoticeKind


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

    def fault(
        self,
        subject: str,
        occurrence: str,
        payload: Mapping[str, Any],
        but: Container[int | None] = (),
    ) -> list[NewNotice]:
        """Something is wrong with the bot: a notice for every channel `but` those.

        `occurrence` is what happens once, `subject` the message that tells of it.
        """
        return [
            NewNotice(
                kind=NoticeKind.FAULT,
                key=f"{occurrence}:{contact_id}",
                contact_id=contact_id,
                lane=Lane.ALERT,
                subject=subject,
                payload=dict(payload),
            )
            for contact_id in self.ids
            if contact_id not in but
        ]
