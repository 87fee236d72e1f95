"""What staff read in Slack."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from bot.domain import staff, telling
from bot.domain.alerts import AlertState, Severity
from bot.domain.contacts import Role
from bot.domain.forms import SlackBlocks
from bot.domain.rules.quantity import Quantities, Reason
from bot.domain.sources import CLI
from bot.domain.stock import Location, Position
from bot.domain.stock_words import BadInput
from bot.render import slack
from bot.render.voice import View
from handlers.verbs.act import Done, say
from handlers.verbs.table import Verbs
from tests.bot.render import samples, slack_check, staff_samples
from tests.bot.render.samples import NOW, PLAIN


def answer(view: View, language: str, result: object) -> SlackBlocks:
    """As the first row says it that may come to this result; rows do not differ."""
    first, *others = staff_samples.said(view, language, result)
    assert [*others] == [first] * len(others)
    return first


def buttons(rendered: SlackBlocks) -> list[tuple[str, str]]:
    return [
        (item["action_id"], item.get("value", ""))
        for block in rendered.blocks
        for item in [*block.get("elements", []), block.get("accessory", {})]
        if "action_id" in item
    ]


def words(rendered: SlackBlocks) -> str:
    return "\n".join(text["text"] for text in slack_check.texts(list(rendered.blocks)))


def test_the_card_shows_every_term_per_location(view: View) -> None:
    place = samples.full_position(12, "Back room")
    card = samples.card(positions=(place,))
    rendered = answer(view, "en", card)
    text = words(rendered)
    for term in (
        "*On hand*\n12", "*Reserved*\n2", "*Unsellable*\n1", "*Incoming*\n12, due Nov 23",
        "*Available*\n9", "*Reorder point*\n5", "*Clears at*\n14", "12 customers waiting",
        "Back room", "https://t.me/mug_bell_bot?start=n_abcdefghij",
    ):  # fmt: skip
        assert term in text
    assert rendered.blocks[0]["type"] == "header"
    assert rendered.text == "🔴 Blue mug (MUG-BLUE): 9 available"


def test_the_card_tells_who_moved_what_when_and_why(view: View) -> None:
    text = words(answer(view, "en", samples.card(moves=(samples.move("pallet 7"),))))
    assert "+5 → 17 main · goods in · pallet 7 · <@U0ADA> · 14:36" in text


def test_only_who_may_write_gets_the_adjust_button(view: View) -> None:
    one, two = samples.card(places=1), samples.card(places=2)
    assert buttons(answer(view, "en", one)) == [("stock_adjust", "7:1"), ("stock_share", "7")]
    assert buttons(answer(view, "en", two)) == [("stock_adjust", "7"), ("stock_share", "7")]
    reader = replace(one, can_write=False)
    assert buttons(answer(view, "en", reader)) == [("stock_share", "7")]


def test_a_shared_card_has_no_buttons_and_a_name(view: View) -> None:
    rendered = slack.shared_card(view, "en", samples.card(), "slack:U0ADA")
    assert buttons(rendered) == []
    assert "Shared by <@U0ADA>" in words(rendered)


@pytest.mark.parametrize(
    ("changes", "dot"),
    [
        ({"alerts": ()}, "🟢"),
        ({"alerts": (samples.alert(severity=Severity.CRITICAL),)}, "🟠"),
        ({"alerts": (samples.alert(resolved_at=NOW),)}, "🟢"),
        ({"alerts": (), "positions": ()}, "🔴"),
        ({"product": samples.product(active=False)}, "⚪"),
    ],
)
def test_the_dot_is_the_state_at_a_glance(view: View, changes: dict[str, Any], dot: str) -> None:
    card = samples.card(**{"positions": (samples.position(12),), **changes})
    assert answer(view, "en", card).text.startswith(dot)


def moved(told: int, **changes: Any) -> staff.Moved:
    made = staff.Moved(
        samples.product(), samples.position(12), samples.move(id=31, after=12), told,
        actor="slack:U0ADA",
    )  # fmt: skip
    return replace(made, **changes)


def test_a_move_says_what_is_there_now_and_who_is_told(view: View) -> None:
    rendered = answer(view, "en", moved(3))
    assert rendered.text == (
        "✅ *Blue mug* `MUG-BLUE`: +5 → 12 at main. 3 customers are being told."
    )
    assert buttons(rendered) == [("stock_undo", "31")]
    assert "told" not in answer(view, "en", moved(0)).text


def test_a_repeated_delivery_says_that_nothing_happened_twice(view: View) -> None:
    assert "not twice" in answer(view, "en", moved(0, repeated=True)).text


def test_below_zero_shows_the_sum_and_a_way_out(view: View) -> None:
    refused = staff.BelowZero(samples.product(), samples.position(2), -5)
    text = words(answer(view, "en", refused))
    assert "has 2 at main, −5 would make it −3" in text
    assert "`/stock MUG-BLUE@main =0`" in text


def test_a_large_move_asks_with_the_token(view: View) -> None:
    asked = staff.NeedsConfirmation(samples.product(), samples.position(520), -500, 100, "[tok]")
    rendered = answer(view, "en", asked)
    assert buttons(rendered) == [("stock_confirm", "[tok]"), ("stock_cancel", "[tok]")]
    assert "Really −500" in rendered.text
    assert "520 → 20" in rendered.text


def test_which_location_lists_what_to_type(view: View) -> None:
    places = tuple(Position(7, Location(n, f"s{n}", "", sellable=True), n) for n in (1, 2))
    text = words(answer(view, "en", staff.WhichLocation(samples.product(), places)))
    assert "`MUG-BLUE@s1`: 1 on hand\n`MUG-BLUE@s2`: 2 on hand" in text


def test_a_refusal_names_the_role_and_who_can_help(view: View) -> None:
    text = words(answer(view, "en", staff.Refused(Role.VIEWER, Role.CLERK)))
    assert "Your role is viewer; this needs clerk." in text
    assert "`/stock role @you clerk`" in text
    stranger = words(answer(view, "en", staff.Refused(None, Role.CLERK)))
    assert "shop's staff" in stranger


def test_a_search_never_hides_that_nothing_was_written(view: View) -> None:
    found = staff.StaffNotFound("blu mug +5", (samples.card(),), was_write=True)
    rendered = answer(view, "en", found)
    assert rendered.text.startswith("Nothing was changed")
    assert buttons(rendered) == [("stock_show", "7")]


def test_the_low_list_counts_what_it_does_not_show(view: View) -> None:
    row = staff.LowRow(samples.product(), samples.full_position(1), Quantities(1, 1, 5, 6), None)
    rendered = answer(view, "en", staff.LowList((row,) * 300, 5000))
    shown = words(rendered).count("MUG-BLUE")
    assert 50 < shown < 300
    assert f"… and {5000 - shown:,} more" in words(rendered)


def test_why_shows_the_arithmetic_term_by_term(view: View) -> None:
    place = samples.full_position(6)
    where = samples.explained(place, Quantities(3, 9, 5, 14), Reason.STILL_LOW)
    why = staff.StaffWhy(
        samples.product(), (where,), 3, 0, True, 4, 1, 2, None, ledger_sum_matches=True
    )
    text = words(answer(view, "en", why))
    assert "6 on hand − 2 reserved − 1 unsellable = 3 available" in text
    assert "3 available + 6 incoming in time = 9 projected" in text
    assert "available 3 ≤ reorder point 5" in text
    assert "4 waiting, 1 paused, 2 told" in text
    assert "The ledger adds up." in text


def test_an_alert_shows_its_numbers_and_a_button(view: View) -> None:
    alert = samples.alert(id=9, version=2, severity=Severity.OUT)
    rendered = slack.notice(view, "en", telling.AlertTold((alert,), 1))
    text = words(rendered)
    assert "🔴 Out of stock: *Blue mug* at" in text
    for term in ("Projected 3 ≤ reorder point 5", "Clears at 14", "3 customers waiting"):
        assert term in text
    assert buttons(rendered) == [("alert_ack", "9:2")]
    assert rendered.text.startswith("🔴 Out of stock: Blue mug at")


def closed_states() -> Iterator[dict[str, Any]]:
    taken = {"acknowledged_by": "slack:U0ADA", "acknowledged_at": NOW}
    yield {"state": AlertState.ACKNOWLEDGED, **taken}
    yield {"state": AlertState.RESOLVED, "resolved_at": NOW}
    yield {"state": AlertState.RECOVERING}
    yield {"superseded": True}


@pytest.mark.parametrize("changes", [*closed_states()])
def test_an_alert_that_needs_nobody_has_no_button(view: View, changes: dict[str, Any]) -> None:
    told = telling.AlertTold((samples.alert(**changes),), 1)
    assert buttons(slack.notice(view, "en", told)) == []


def test_an_acknowledged_alert_names_who_and_when(view: View) -> None:
    alert = samples.alert(
        state=AlertState.ACKNOWLEDGED, acknowledged_by="slack:U0ADA", acknowledged_at=NOW
    )
    text = words(slack.notice(view, "en", telling.AlertTold((alert,), 1)))
    assert "👀 Acknowledged by <@U0ADA> at 14:41" in text


def test_a_resolved_alert_tells_enough_from_rule_gone(view: View) -> None:
    enough = samples.alert(
        numbers=Quantities(20, 20, 5, 14), state=AlertState.RESOLVED, resolved_at=NOW
    )
    over = replace(enough, numbers=Quantities(1, 1, 5, 14))
    assert "Enough again" in words(slack.notice(view, "en", telling.AlertTold((enough,), 1)))
    assert "rule off" in words(slack.notice(view, "en", telling.AlertTold((over,), 1)))


def test_an_import_is_one_message_that_counts_the_rest(view: View) -> None:
    told = telling.AlertTold((samples.alert(),) * 60, 5000, summary=True, source=CLI)
    rendered = slack.notice(view, "en", told)
    shown = words(rendered).count("MUG-BLUE")
    assert rendered.text == "📦 The import left 5,000 products low"
    assert f"… and {5000 - shown:,} more: /stock low" in words(rendered)


@pytest.mark.parametrize(
    ("actor", "shown"),
    [
        ("slack:U0ADA", "<@U0ADA>"),
        ("telegram:42", "a colleague"),
        ("slack:<!channel>", "a colleague"),
        ("WANG", "WANG"),
        ("<@U1>", "&lt;@U1&gt;"),
        ("", "somebody"),
    ],
)
def test_only_a_slack_address_becomes_a_mention(view: View, actor: str, shown: str) -> None:
    alert = samples.alert(acknowledged_by=actor, acknowledged_at=NOW, state=AlertState.ACKNOWLEDGED)
    text = words(slack.notice(view, "en", telling.AlertTold((alert,), 1)))
    assert f"Acknowledged by {shown} at" in text


def test_the_role_list_mentions_members_and_tells_telegram_ones_apart(view: View) -> None:
    members = (("telegram:42", Role.VIEWER), ("slack:U0ADA", Role.ADMIN))
    text = words(answer(view, "en", staff.RoleList(members)))
    assert text.index("<@U0ADA> · admin") < text.index("Telegram user `42` · viewer")


def test_the_modal_has_the_blocks_that_the_handlers_read(view: View) -> None:
    places = samples.card(places=120).positions
    last = replace(places[-1], location=replace(places[-1].location, id=77))
    modal = slack.adjust_modal(view, "en", samples.product(), [*places, last], '{"a": 1}', 77)
    assert (modal["callback_id"], modal["private_metadata"]) == ("stock_adjust", '{"a": 1}')
    inputs = {block["block_id"]: block["element"] for block in modal["blocks"][1:]}
    assert list(inputs) == ["location", "mode", "quantity", "reason"]
    assert {element["action_id"] for element in inputs.values()} == {"value"}
    assert inputs["location"]["initial_option"]["value"] == "77"
    assert [option["value"] for option in inputs["mode"]["options"]] == ["add", "remove", "set"]


def test_the_modal_keeps_what_was_typed(view: View) -> None:
    form = staff.AdjustForm(7, 1, "remove", "abc", "why not", 3)
    place = [samples.position()]
    modal = slack.adjust_modal(view, "en", samples.product(), place, "{}", None, form)
    inputs = {b["block_id"]: b["element"] for b in modal["blocks"] if "block_id" in b}
    assert inputs["mode"]["initial_option"]["value"] == "remove"
    assert inputs["quantity"]["initial_value"] == "abc"
    assert inputs["reason"]["initial_value"] == "why not"


def test_errors_stand_under_their_fields(view: View) -> None:
    errors = slack.adjust_errors(view, "en", {"quantity": "below_zero", "reason": "unheard_of"})
    assert errors == {
        "quantity": "There are not that many here.",
        "reason": "This does not work. Please check it.",
    }


def test_bad_input_says_what_is_wrong_and_gives_an_example(view: View) -> None:
    bad = BadInput("not_whole", "+1.5", "MUG-BLUE +5")
    text = words(answer(view, "en", bad))
    assert "`+1.5` is not a whole number" in text
    assert "`/stock MUG-BLUE +5`" in text
    assert "/stock help" in text


def test_help_shows_every_command(view: View) -> None:
    lines = tuple(line for verb in Verbs().rows for line in verb.help)
    text = words(answer(view, "en", staff.HelpText(lines)))
    for word in ("+5", "-3", "=40", "low", "undo", "why", "threshold", "role", "@main"):
        assert word in text


def test_an_undo_in_the_ledger_is_told_in_the_readers_language(view: View) -> None:
    card = samples.card(moves=(samples.move("undo of #7"),))
    assert "撤销 #7" in words(answer(view, "zh_CN", card))


def test_a_name_cannot_bring_in_a_mention(view: View) -> None:
    card = samples.card("<!channel> <@U1> <https://evil.example|x>", moves=(), alerts=())
    assert slack_check.problems(answer(view, "en", card)) == []
    assert "<!channel>" not in str(answer(view, "en", card))


def test_a_type_without_words_is_an_error_of_ours(view: View) -> None:
    with pytest.raises(KeyError):
        slack.answer(view, "en", samples.card())
    with pytest.raises(KeyError):
        say(view, SlackBlocks, "en", Done(staff_samples.ACTS[0], PLAIN))
