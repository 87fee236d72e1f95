"""What README and docs say is there: links, commands, settings, examples, dependencies."""

import re
import tomllib
from collections.abc import Iterator
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

import click
import pytest

from bot.app.ways import KNOWN
from bot.commands import main
from bot.domain.alerts import AlertState, Severity, Step
from bot.domain.contacts import ContactState, Role
from bot.domain.health import QueueReason, Reach, WatchReason, WatchState
from bot.domain.inbox import InboxState
from bot.domain.living import LivingReason
from bot.domain.notices import NoticeKind, NoticeState, SettleReason
from bot.domain.restocking import CloseReason, RestockReason
from bot.domain.rules.kind import RuleState
from bot.domain.rules.quantity import Reason
from bot.domain.stock import MoveKind
from bot.domain.subscriptions import EndReason, SubscriptionState
from bot.settings import Settings
from handlers.http.metrics import Metrics
from handlers.telegram.commands import COMMANDS
from handlers.verbs.act import Verb
from handlers.verbs.change import CHANGE
from handlers.verbs.health import HEALTH
from handlers.verbs.link import LINK as LINKING
from handlers.verbs.low import LOW
from handlers.verbs.role import ROLE
from handlers.verbs.roles import ROLES
from handlers.verbs.search import SEARCH
from handlers.verbs.set import SET
from handlers.verbs.show import SHOW
from handlers.verbs.table import Verbs
from handlers.verbs.threshold import THRESHOLD
from handlers.verbs.undo import UNDO
from handlers.verbs.why import WHY

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PAGES = (README, ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md")))

LINK = re.compile(r"\]\(([^)\s]+)\)|<img[^>]*\ssrc=\"([^\"]+)\"")
CODE = re.compile(r"```[a-z]*\n(.*?)```|`([^`\n]+)`", re.DOTALL)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
# Not settings of the bot: what the tests and the document of another program read.
OTHER_NAMES = {"READ_COMMITTED", "STOCKBELL_SEED"}
SETTING = re.compile(r"\b[A-Z]+(?:_[A-Z]+)+\b|\bADMINS\b")

pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def codes(text: str) -> list[str]:
    """What stands in backticks, inline or as a block."""
    return [found[1] or found[2] for found in CODE.finditer(text)]


@cache
def anchors(page: Path) -> set[str]:
    """The headings as GitHub names them."""
    found = HEADING.findall(page.read_text("utf-8"))
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in found}


def relative_links(page: Path) -> Iterator[tuple[Path, str]]:
    """(file, anchor) of every link that leads to a file of ours."""
    for found in LINK.finditer(page.read_text("utf-8")):
        target, _, anchor = (found[1] or found[2]).partition("#")
        if "://" not in target:
            yield (page.parent / target).resolve() if target else page, anchor


def rows(page: str) -> Iterator[list[str]]:
    """The cells of every table row of a page."""
    for line in (ROOT / "docs" / page).read_text("utf-8").splitlines():
        if line.startswith("|"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def test_the_readme_is_read_in_a_few_minutes() -> None:
    assert len(README.read_text("utf-8").splitlines()) <= 150


@pages
def test_every_link_leads_to_something(page: Path) -> None:
    for target, anchor in relative_links(page):
        assert target.exists(), f"{page.name} links to {target.name}, which is not there"
        if anchor:
            assert anchor in anchors(target), f"{target.name} has no heading #{anchor}"


def test_every_document_is_found_from_the_readme() -> None:
    linked = {target for target, _ in relative_links(README)}
    assert set(PAGES) - {README} <= linked


@pages
def test_every_command_line_that_is_named_exists(page: Path) -> None:
    text = "\n".join(codes(page.read_text("utf-8")))
    for line in re.findall(r"\bstockbell(?: [a-z-]+)+", text):
        assert known_command(line.split()[1:]), f"{page.name}: {line}"
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    for target in re.findall(r"\bmake ([a-z]+)", text):
        assert target in targets, f"{page.name}: make {target}"


def known_command(words: list[str]) -> bool:
    """Whether these words begin with a command; what follows it are its arguments."""
    command: click.Command = main
    for word in words:
        if not isinstance(command, click.Group):
            return True
        if word.startswith("-") or word not in command.commands:
            return word.startswith("-")
        command = command.commands[word]
    return not isinstance(command, click.Group) or command.invoke_without_command


def test_every_command_line_is_explained_to_operators() -> None:
    text = "\n".join(codes((ROOT / "docs" / "operators.md").read_text("utf-8")))
    for name in leaves(main):
        assert f"stockbell {name}" in text, name


def leaves(command: click.Command, path: str = "") -> Iterator[str]:
    if not isinstance(command, click.Group):
        yield path
        return
    if command.invoke_without_command:
        yield path
    for name, child in command.commands.items():
        yield from leaves(child, f"{path} {name}".strip())


@pages
def test_every_option_that_is_named_exists(page: Path) -> None:
    known = {option for name in leaves(main) for option in options(name)} | {"--help", "--version"}
    for line in "\n".join(codes(page.read_text("utf-8"))).splitlines():
        if line.startswith("stockbell "):
            for option in re.findall(r"\s(--[a-z-]+)", line):
                assert option in known, f"{page.name}: {line}"


def options(name: str) -> Iterator[str]:
    command: click.Command = main
    for word in name.split():
        assert isinstance(command, click.Group)
        command = command.commands[word]
    for parameter in command.params:
        yield from parameter.opts


@pages
def test_every_setting_that_is_named_exists(page: Path) -> None:
    known = {name.upper() for name in Settings.model_fields}
    for code in codes(page.read_text("utf-8")):
        for name in SETTING.findall(code):
            assert name in known | OTHER_NAMES, f"{page.name}: {name}"


def test_every_setting_is_explained_to_operators_with_its_default() -> None:
    told = {cells[0].strip("`"): cells[1].strip("`") for cells in rows("operators.md")}
    for name, field in Settings.model_fields.items():
        assert name.upper() in told
        default = field.default
        if isinstance(default, str | int) and not isinstance(default, bool):
            assert told[name.upper()] == str(default), name


def test_customers_read_of_every_command_and_of_no_other() -> None:
    text = (ROOT / "docs" / "customers.md").read_text("utf-8")
    told = {found for code in codes(text) for found in re.findall(r"^/([a-z]+)", code)}
    assert told == set(COMMANDS)


# What the second column of the table in docs/staff.md begins with, and which verb that is.
MEANS: dict[str, Verb[Any]] = {
    "look up": SHOW,
    "add": CHANGE,
    "take away": CHANGE,
    "set": SET,
    "search": SEARCH,
    "list": LOW,
    "undo": UNDO,
    "explain": WHY,
    "alert level": THRESHOLD,
    "role:": ROLE,
    "roles:": ROLES,
    "link:": LINKING,
    "health": HEALTH,
}
TABLE = Verbs()
HELP = TABLE.rows[-1]  # made of the other rows
EXAMPLES = [
    (cells[0].strip("`").removeprefix("/stock "), cells[1])
    for cells in rows("staff.md")
    if cells[0].startswith("`/stock ")
]


def understood(typed: str) -> tuple[Verb[Any], Any]:
    """As it arrives: Slack puts the person's id in the place of a name picked after @."""
    return TABLE.understand(re.sub(r"(?<=role )@(\w+)", r"<@U0123|\1>", typed))


@pytest.mark.parametrize(("typed", "means"), EXAMPLES)
def test_every_example_for_staff_is_understood_as_the_document_says(typed: str, means: str) -> None:
    verb, request = understood(typed)
    kinds = [kind for words, kind in MEANS.items() if means.startswith(words)]
    assert verb in (kinds or [HELP]), f"{typed} is {request}"
    shown = " ".join(asked_words(request))
    for number in re.findall(r"\b\d+\b", means):
        assert number in shown or number == "12", f"{typed}: {request}"
    if verb is CHANGE:
        assert (request.number > 0) == means.startswith("add")


def asked_words(request: object) -> Iterator[str]:
    for name in getattr(request, "__slots__", ()):
        value = getattr(request, name)
        yield str(abs(value)) if isinstance(value, int) else str(value)


def test_staff_read_of_every_form_of_stock() -> None:
    seen = [understood(typed)[0] for typed, _ in EXAMPLES]
    assert [verb for verb in TABLE.rows if verb not in seen] == []


def test_staff_read_of_every_role() -> None:
    told = {cells[0] for cells in rows("staff.md")}
    assert {role.word for role in Role} <= told


ENUMS = (
    AlertState, CloseReason, ContactState, EndReason, InboxState, LivingReason, MoveKind,
    NoticeKind, NoticeState,
    QueueReason, Reach, Reason, RestockReason, Role, RuleState, SettleReason, Severity, Step,
    SubscriptionState,
    WatchReason, WatchState,
)  # fmt: skip


@pytest.mark.parametrize("enum", ENUMS, ids=lambda enum: enum.__name__)
def test_the_glossary_knows_every_state_and_reason(enum: type[Enum]) -> None:
    told = set(re.findall(r"[a-z_]+", (ROOT / "docs" / "glossary.md").read_text("utf-8").lower()))
    values = {str(one.value if isinstance(one.value, str) else one.name).lower() for one in enum}
    assert values - told == set()


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    names = [re.split(r"[\[><=~! ]", one)[0] for one in project["dependencies"]]
    told = {cells[0] for cells in rows("architecture.md")}
    assert [name for name in names if name not in told] == []


def test_operators_read_of_every_metric_with_its_labels_and_of_no_other() -> None:
    told = {
        name: set(re.findall(r"[a-z]+", cells[1]))
        for cells in rows("operators.md")
        for name in re.findall(r"stockbell_\w+", cells[0])
    }
    assert told == {
        name: set(labels) for name, labels in Metrics("0", KNOWN.values()).labels.items()
    }


@pages
def test_no_page_names_a_machine(page: Path) -> None:
    text = page.read_text("utf-8")
    assert not re.search(r"(?<![\w.])/(?:home|root|work|tmp|Users)/", text)
