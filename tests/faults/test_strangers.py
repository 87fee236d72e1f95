"""A small share of what strangers can do to the HTTP server; `make faults` runs the whole."""

from pathlib import Path

import pytest

from tests.faults.rows import SEED, holds
from tests.faults.strangers import strangers


@pytest.mark.promises
async def test_requests_without_an_end_hurt_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOCKBELL_STRANGERS_PERCENT", "20")
    monkeypatch.setenv("STOCKBELL_STRANGERS_SECONDS", "4")
    holds("strangers", await strangers(tmp_path, SEED))
