"""What holds for every row."""

import re
import types
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest

from bot.domain.stock_words import BadInput
from handlers.verbs import pressed
from handlers.verbs.act import ALWAYS, Act, Verb
from handlers.verbs.search import SEARCH
from handlers.verbs.table import Verbs

TABLE = Verbs()
PRESSED = [act for act in vars(pressed).values() if isinstance(act, Act) and act.says]
every_verb = pytest.mark.parametrize("verb", TABLE.rows, ids=lambda verb: verb.usage)


def as_typed(words: str) -> str:
    """Slack puts the person's id in the place of a name."""
    return re.sub(r"@ada", "<@U0ADA|ada>", words)


def kinds(annotation: object) -> set[object]:
    if get_origin(annotation) in (Union, types.UnionType):
        return {kind for part in get_args(annotation) for kind in kinds(part)}
    return {annotation}


@pytest.mark.parametrize("act", [*TABLE.rows, *PRESSED], ids=lambda act: act.run.__module__)
def test_it_has_words_in_every_form_for_all_that_can_come_of_it(act: Act[Any]) -> None:
    results = kinds(get_type_hints(act.run)["return"])
    for form, always in ALWAYS.items():
        assert results - always.keys() == act.says[form].keys()


@every_verb
def test_its_usage_is_an_example_of_it(verb: Verb[Any]) -> None:
    understood, request = TABLE.understand(as_typed(verb.usage))
    assert understood is verb
    assert not isinstance(request, BadInput)


@every_verb
def test_what_help_shows_can_be_typed(verb: Verb[Any]) -> None:
    for line in verb.help:
        understood, request = TABLE.understand(as_typed(line.typed))
        assert not isinstance(request, BadInput)
        assert (understood is SEARCH) == (verb is SEARCH)


def test_every_line_finds_a_verb_even_in_a_table_that_cannot_search() -> None:
    verb, request = Verbs(TABLE.rows[1:3]).understand("red mug")
    assert request == BadInput("other", example=verb.usage)
