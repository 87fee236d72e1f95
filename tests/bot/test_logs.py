"""No secret in any record, at any level, from whichever library."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from bot import logs
from tests.support.command import logging_as_it_was

TOKEN = "123456789:AAbbCCddEEff-gg_HH"


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    with logging_as_it_was():
        yield


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_secret_is_hidden_wherever_it_stands(
    form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("DEBUG", form, ["my-webhook-secret"])
    log = structlog.get_logger("shop.test")
    log.info("token %s", TOKEN, url=f"https://api/bot{TOKEN}/getMe", headers={"t": "xoxb-1-abc"})
    logging.getLogger("some.library").warning("secret my-webhook-secret and %s", TOKEN)
    try:
        int(f"no number: {TOKEN}")
    except ValueError:
        log.exception("it failed")
    written = capsys.readouterr().err
    for secret in (TOKEN, "my-webhook-secret", "xoxb-1-abc"):
        assert secret not in written
    assert written.count(logs.HIDDEN) >= 5


def test_json_is_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO", "json", [])
    structlog.get_logger("shop.test").info("杯子", count=3)
    record = json.loads(capsys.readouterr().err)
    assert (record["event"], record["count"]) == ("杯子", 3)


def test_what_is_no_secret_stays_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO", "text", ["s"])
    structlog.get_logger("shop.test").info("this stays: 12:34, order 1234")
    assert "this stays: 12:34, order 1234" in capsys.readouterr().err


def test_libraries_that_print_urls_are_quiet_below_a_warning() -> None:
    logs.configure("DEBUG", "text", [])
    assert not any(logging.getLogger(name).isEnabledFor(logging.INFO) for name in logs.CHATTY)
