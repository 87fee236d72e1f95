"""Every result and notice x language x count x hostile name is a message the platform takes."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import get_args

import pytest
from structlog.testing import capture_logs

from bot.app.ways import KNOWN
from bot.domain import customers, staff
from bot.domain.forms import Rendered, SlackBlocks, TelegramHtml
from bot.domain.telling import NoticeData
from bot.render import slack, telegram
from bot.render.catalogue import Escape, Texts
from bot.render.notices import WORDS
from bot.render.voice import View
from tests.bot.render import samples, slack_check, staff_samples, telegram_check

CASES = [(samples.PLAIN, count) for count in samples.COUNTS] + [(n, 2) for n in samples.HOSTILE]
NAMES = [f"hostile{at - 6}" if at >= 6 else f"plain{case[1]}" for at, case in enumerate(CASES)]
LANGUAGES = ("en", "zh_CN")
Sampler = Callable[[str, int], Iterable[object]]

every_case = pytest.mark.parametrize(("name", "count"), CASES, ids=NAMES)
every_language = pytest.mark.parametrize("language", LANGUAGES)


def in_telegram(view: View, language: str, name: str, count: int) -> Iterator[TelegramHtml]:
    answers: tuple[Sampler, ...] = (
        samples.customer_answers,
        samples.acknowledgements,
        samples.links,
    )
    for result in (result for sampler in answers for result in sampler(name, count)):
        yield telegram.answer(view, language, result)
    notices = (*samples.customer_notices(name, count), *samples.staff_notices(name, count))
    for notice in (*notices, *samples.joinings()):
        yield telegram.notice(view, language, notice)


def telegram_words(view: View, language: str) -> Iterator[TelegramHtml]:
    """What needs no data."""
    for is_staff in (False, True):
        yield telegram.help(view, language, is_staff)
    for page in (telegram.privacy, telegram.language_choice, telegram.language_set):
        yield page(view, language)
    yield telegram.forget_question(view, language, 10**15)
    for count in samples.COUNTS:
        yield telegram.forgotten(view, language, count)
    for msgid in telegram.SIMPLE:
        yield telegram.simple(view, language, msgid)
    found = customers.NotFound("x", (samples.stock(),))
    for verb in ("sub", "look", "why"):
        yield telegram.not_found(view, language, found, verb, 3)


def in_slack(view: View, language: str, name: str, count: int) -> Iterator[SlackBlocks]:
    answers: tuple[Sampler, ...] = (
        staff_samples.staff_answers,
        samples.acknowledgements,
        samples.links,
    )
    for result in (result for sampler in answers for result in sampler(name, count)):
        answers_to_it = [*staff_samples.said(view, language, result)]
        assert answers_to_it, type(result)
        yield from answers_to_it
    for result in samples.customer_answers(name, count):
        if type(result) in slack.ANSWERS:
            yield slack.answer(view, language, result)
    told = (*samples.customer_notices(name, count), *samples.staff_notices(name, count))
    for notice in (*told, *samples.joinings()):
        yield slack.notice(view, language, notice)
    yield slack.shared_card(view, language, samples.card(name, count), "slack:U0ADA")


def slack_words(view: View, language: str) -> Iterator[SlackBlocks]:
    for msgid in slack.SIMPLE:
        yield slack.simple(view, language, msgid)


@every_language
@every_case
def test_telegram_takes_every_message(view: View, language: str, name: str, count: int) -> None:
    with capture_logs() as logs:
        for rendered in in_telegram(view, language, name, count):
            assert telegram_check.problems(rendered) == []
            # /list and the like are the bot's own words; a name's are in test_escape
            assert set(telegram_check.live(rendered.text)) <= {"BotCommand"}
    assert logs == []


@every_language
def test_telegram_takes_what_the_bot_says_by_itself(view: View, language: str) -> None:
    for rendered in telegram_words(view, language):
        assert telegram_check.problems(rendered) == []


@every_language
@every_case
def test_slack_takes_every_message(view: View, language: str, name: str, count: int) -> None:
    with capture_logs() as logs:
        for rendered in in_slack(view, language, name, count):
            assert slack_check.problems(rendered) == []
    assert logs == []


@every_language
def test_slack_takes_what_the_bot_says_by_itself(view: View, language: str) -> None:
    for rendered in slack_words(view, language):
        assert slack_check.problems(rendered) == []


@every_language
@every_case
def test_slack_takes_the_modal(view: View, language: str, name: str, count: int) -> None:
    places = samples.card(name, count, places=120).positions
    form = staff.AdjustForm(7, 1, "set", name, name, 3)
    for values in (None, form):
        modal = slack.adjust_modal(view, language, samples.product(name), places, "{}", 1, values)
        assert slack_check.modal_problems(modal) == []


@every_language
@every_case
def test_a_pressed_button_gets_a_short_plain_answer(
    view: View, language: str, name: str, count: int
) -> None:
    pressed = [*samples.customer_answers(name, count), *samples.acknowledgements(name, count)]
    for result in pressed:
        toast = telegram.toast(view, language, result)
        assert len(toast.encode("utf-16-le")) // 2 <= 200
        assert "<b>" not in toast
        assert "&lt;" not in toast


@pytest.mark.parametrize("form", WORDS)
def test_every_kind_of_notice_is_told_in_every_form(form: type[Rendered]) -> None:
    assert set(WORDS[form]) == set(get_args(NoticeData))


def test_every_way_has_a_form_in_which_all_is_told() -> None:
    assert {way.form for way in KNOWN.values()} <= set(WORDS)


class Recording(Texts):
    """Remembers which messages were asked for."""

    asked: set[str]

    def say(
        self,
        language: str,
        msgid: str,
        count: int | None,
        args: Mapping[str, object],
        escape: Escape = str,
    ) -> str:
        self.asked.add(msgid)
        return super().say(language, msgid, count, args, escape)


def test_every_message_of_the_catalogue_is_told_somewhere(texts: Texts) -> None:
    recording = Recording()
    recording.asked = set()
    for view in (
        samples.view(recording),
        samples.view(recording, retention_days=None, shop_url="", shop_name=" "),
    ):
        for count in (0, 2):
            [*in_telegram(view, "en", samples.PLAIN, count)]
            [*in_slack(view, "en", samples.PLAIN, count)]
        [*telegram_words(view, "en"), *slack_words(view, "en")]
        telegram.command_list(view, "en")
        telegram.description(view, "en")
        telegram.short_description(view, "en")
        typed = staff.AdjustForm(7, 1, "set", "9", "", 3)
        slack.adjust_modal(view, "en", samples.product(), [samples.position()], "{}", None, typed)
        slack.adjust_errors(view, "en", ERROR_CODES)
    assert sorted(texts.ids - recording.asked) == []
    assert sorted(recording.asked - texts.ids) == []


ERROR_CODES = {
    code: code
    for code in (
        "not_whole", "negative", "too_big", "zero", "below_zero", "changed_meanwhile", "refused",
        "gone", "nobody_knows_this",
    )
}  # fmt: skip
