"""A write that waits for its confirmation, carried by the button itself. Pure."""

import json
from dataclasses import astuple, dataclass


@dataclass(frozen=True, slots=True)
class Preview:
    """`key` is the arrival key of what was typed: pressed by two people, it applies once.

    `shown` is the on hand that the preview showed; if it changed, the press writes nothing.
    """

    product_id: int
    location_id: int
    quantity: int
    shown: int
    key: str
    reason: str

    def token(self) -> str:
        """Text for a Slack button's value (2,000 characters at most; reasons end at 300)."""
        return json.dumps(astuple(self), separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def from_token(cls, token: str) -> "Preview | None":
        """None for anything that `token` did not make."""
        try:
            product_id, location_id, quantity, shown, key, reason = json.loads(token)
            numbers = (product_id, location_id, quantity, shown)
            if not all(type(number) is int for number in numbers) or not quantity:
                return None
        except (ValueError, TypeError):
            return None
        return cls(*numbers, str(key), str(reason))
