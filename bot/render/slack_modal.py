"""Slack: the Adjust modal and what is wrong with it."""

from collections.abc import Mapping, Sequence

from bot.domain.staff import AdjustForm
from bot.domain.stock import Position, Product
from bot.render import slack_blocks as kit
from bot.render.escape import clean
from bot.render.slack_blocks import Block
from bot.render.slack_card import title
from bot.render.voice import Voice

TITLE, OPTIONS, REASON = 24, 100, 300
MODES = {"add": "adjust.add", "remove": "adjust.remove", "set": "adjust.set"}
ERRORS = {
    "not_whole": "adjusterror.not_whole",
    "negative": "adjusterror.negative",
    "too_big": "adjusterror.too_big",
    "zero": "adjusterror.zero",
    "below_zero": "adjusterror.below_zero",
    "changed_meanwhile": "adjusterror.changed_meanwhile",
    "refused": "adjusterror.refused",
    "gone": "adjusterror.gone",
}


def adjust(
    say: Voice,
    product: Product,
    positions: Sequence[Position],
    private_metadata: str,
    location_id: int | None,
    values: AdjustForm | None,
) -> Block:
    """`values`: what was typed into a form whose numbers were no longer true; these are new."""
    label = say.label
    return {
        "type": "modal",
        "callback_id": "stock_adjust",
        "private_metadata": private_metadata,
        "title": kit.plain(label("adjust.title"), TITLE),
        "submit": kit.plain(label("adjust.submit"), TITLE),
        "close": kit.plain(label("button.cancel"), TITLE),
        "blocks": [
            kit.section(title(say, product)),
            *([kit.section(say("adjust.refreshed"))] if values else []),
            _location(label, positions, values.location_id if values else location_id),
            _mode(label, values.mode if values else "add"),
            _quantity(label, values.quantity if values else ""),
            _reason(label, values.reason if values else ""),
        ],
    }


def _input(block_id: str, label: str, element: Block, *, optional: bool = False) -> Block:
    return {
        "type": "input",
        "block_id": block_id,
        "label": kit.plain(label),
        "element": {**element, "action_id": "value"},
        "optional": optional,
    }


def _location(label: Voice, positions: Sequence[Position], chosen: int | None) -> Block:
    """Every place with what is on hand there; the chosen one is shown even past Slack's 100."""
    ordered = sorted(positions, key=lambda position: position.location.id != chosen)[:OPTIONS]
    options = [_option(_place(label, p), str(p.location.id)) for p in ordered]
    return _input("location", label("adjust.location"), _select(options, options[0]))


def _place(label: Voice, position: Position) -> str:
    place = label.words(label.place(position.location), 40)
    return label("adjust.place", place=place, number=position.on_hand)


def _mode(label: Voice, chosen: str) -> Block:
    options = {mode: _option(label(msgid), mode) for mode, msgid in MODES.items()}
    picked = options.get(chosen, options["add"])
    return _input("mode", label("adjust.mode"), _select(list(options.values()), picked))


def _select(options: list[Block], chosen: Block) -> Block:
    return {"type": "static_select", "options": options, "initial_option": chosen}


def _option(text: str, value: str) -> Block:
    return {"text": kit.plain(text, kit.OPTION), "value": value}


def _quantity(label: Voice, value: str) -> Block:
    typed = clean(value, 40)
    element: Block = {
        "type": "plain_text_input",
        "max_length": 40,
        "placeholder": kit.plain(label("adjust.quantity_hint")),
    }
    return _input(
        "quantity", label("adjust.quantity"), element | ({"initial_value": typed} if typed else {})
    )


def _reason(label: Voice, value: str) -> Block:
    typed = clean(value, REASON)
    element: Block = {
        "type": "plain_text_input",
        "max_length": REASON,
        "placeholder": kit.plain(label("adjust.reason_hint")),
    }
    return _input(
        "reason",
        label("adjust.reason"),
        element | ({"initial_value": typed} if typed else {}),
        optional=True,
    )


def errors(say: Voice, codes: Mapping[str, str]) -> dict[str, str]:
    """Slack shows each text under its block."""
    label = say.label
    return {block: label(ERRORS.get(code, "adjusterror.other")) for block, code in codes.items()}
