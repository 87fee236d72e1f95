"""A small share of what strangers can do to the HTTP server; `make faults` runs the whole."""

from pathlib import Path

import pytest

from tests.faults.rows import SEED, failed, line
from tests.faults.strangers import strangers


async def test_requests_without_an_end_hurt_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOCKBELL_STRANGERS_PERCENT", "20")
    monkeypatch.setenv("STOCKBELL_STRANGERS_SECONDS", "4")
    rows = await strangers(tmp_path, SEED)
    lines = "\n".join(line("strangers", row) for row in rows)
    print(lines)  # noqa: T201  # shown when it fails
    assert rows
    assert not failed(rows), lines
