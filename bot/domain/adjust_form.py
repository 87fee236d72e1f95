"""What can be wrong with the Adjust modal before anything is stored. Pure."""

from bot.domain.codes import whole_number
from bot.domain.staff import AdjustForm

MODES = ("add", "remove", "set")
LARGEST = 10**9  # units of one SKU: beyond it is a slip of the keyboard


def wrong(form: AdjustForm, on_hand: int, *, allow_negative: bool) -> dict[str, str]:
    """The mistake by block, as a code that render/ has words for; empty when all is right.

    Codes: not_whole, negative, too_big, zero, below_zero, changed_meanwhile.
    """
    number = whole_number(form.quantity)
    if number is None:
        return {"quantity": "not_whole"}
    code = _number(number) or _against(form, number, on_hand, allow_negative=allow_negative)
    return {"quantity": code} if code else {}


def _number(number: int) -> str:
    if number < 0:
        return "negative"
    return "too_big" if number > LARGEST else ""


def _against(form: AdjustForm, number: int, on_hand: int, *, allow_negative: bool) -> str:
    """Held against the mode and against what lies there."""
    if form.mode == "set":
        return "changed_meanwhile" if form.shown != on_hand else ""
    if number == 0:
        return "zero"
    return "below_zero" if form.mode == "remove" and number > on_hand and not allow_negative else ""
