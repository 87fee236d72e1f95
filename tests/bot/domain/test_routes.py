"""Which notices a route takes."""

import pytest

from bot.domain.alerts import Severity
from bot.domain.contacts import ContactState
from bot.domain.routes import WHOLE_SHOP, Concern, Destination, Route, Scope
from bot.domain.ways import SLACK

THERE = Destination(1, SLACK, ContactState.ACTIVE)
LOW_AT_2 = Concern("quantity", Severity.LOW, Scope(2, "Acme", "cups"))
OUT_AT_2 = Concern("quantity", Severity.OUT, Scope(2, "Acme", "cups"))


@pytest.mark.parametrize("concern", [LOW_AT_2, OUT_AT_2, Concern("fault"), Concern("digest")])
def test_a_route_without_bounds_takes_everything(concern: Concern) -> None:
    assert Route(THERE).takes(concern)


@pytest.mark.parametrize(
    ("route", "taken"),
    [
        (Route(THERE, kind="quantity"), [LOW_AT_2, OUT_AT_2]),
        (Route(THERE, kind="fault"), [Concern("fault")]),
        (Route(THERE, severity=Severity.CRITICAL), [OUT_AT_2]),
        (Route(THERE, scope=Scope(2)), [LOW_AT_2, OUT_AT_2]),
        (Route(THERE, scope=Scope(3)), []),
        (Route(THERE, scope=Scope(supplier="Acme")), [LOW_AT_2, OUT_AT_2]),
        (Route(THERE, scope=Scope(2, category="plates")), []),
        (Route(THERE, "quantity", Severity.OUT, Scope(2, "Acme", "cups")), [OUT_AT_2]),
    ],
)
def test_what_a_notice_does_not_say_cannot_pass_a_bound(route: Route, taken: list[Concern]) -> None:
    all_there_are = [LOW_AT_2, OUT_AT_2, Concern("fault"), Concern("digest")]
    assert [concern for concern in all_there_are if route.takes(concern)] == taken


@pytest.mark.parametrize("scope", [WHOLE_SHOP, Scope(2), Scope(None, "Acme", "cups")])
def test_a_scope_is_stored_as_what_it_names(scope: Scope) -> None:
    assert Scope.of(scope.as_json()) == scope
