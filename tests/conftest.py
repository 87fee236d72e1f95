"""What every test may ask for. The databases are real; only the clock is ours."""

import gc
import os
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import AsyncExitStack, ExitStack

import pytest
import structlog
from hypothesis import settings

from storage.database import Database
from storage.vault import Vault, generate_key
from tests.support import network, once
from tests.support.clock import Clock
from tests.support.databases import PostgresServer, SqliteFiles, postgres_server
from tests.support.memory import folder_in_memory

ENGINES = ("sqlite", "postgresql")
WAIT = "tests/faults/"  # tests of it wait most of their time, for platforms that are slow
LONG = (  # and these compute long, alone or together
    "tests/bot/sandbox/test_page.py",
    "tests/test_wheel.py",
    "tests/simulation/",
    "tests/conformance/",
    "tests/e2e/",
)


def pytest_configure() -> None:
    network.forbid()
    once.share()
    # timing never fails a test; each run looks at other examples, so a few are enough for one
    settings.register_profile("stockbell", deadline=None, max_examples=50)
    settings.load_profile("stockbell")
    # by default rich draws a traceback with all locals: most of the time of a test that logs one
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*structlog.get_config()["processors"][:-1], plain])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that wait stand evenly among those that compute, the longest first: then no core is
    idle while there is work, and no worker is alone with a long one in the end."""
    waiting = [item for item in items if item.nodeid.startswith(WAIT)]
    waiting.sort(key=lambda item: "test_kill.py" not in item.nodeid)
    others = [item for item in items if not item.nodeid.startswith(WAIT)]
    others.sort(key=lambda item: not item.nodeid.startswith(LONG))
    apart = 0.7 * len(others) / max(1, len(waiting))
    place = {item: at * apart for at, item in enumerate(waiting)}
    place |= {item: float(at) for at, item in enumerate(others)}
    items.sort(key=place.__getitem__)


def pytest_collection_finish() -> None:
    """What is loaded stays: it need not be looked through for garbage again and again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where everything is installed (.ci/run sets STOCKBELL_NO_SKIPS) a skip is a failure."""
    del item, call
    report = yield
    if report.skipped and os.environ.get("STOCKBELL_NO_SKIPS"):
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def sqlite_files() -> Iterator[SqliteFiles]:
    with folder_in_memory("sqlite") as folder:
        yield SqliteFiles(folder)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server for the whole run; it starts when the first test needs it."""
    with ExitStack() as stack:
        yield stack.enter_context(postgres_server())


def _maker(request: pytest.FixtureRequest, engine: str) -> SqliteFiles | PostgresServer:
    name = "sqlite_files" if engine == "sqlite" else "postgres"
    maker: SqliteFiles | PostgresServer = request.getfixturevalue(name)
    request.addfinalizer(maker.drop)
    return maker


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """The engine's name; a test that asks for it, or for what rests on it, runs on both."""
    name: str = request.param
    return name


@pytest.fixture
def database_url(request: pytest.FixtureRequest, engine: str) -> str:
    """The URL of a fresh, migrated database, as DATABASE_URL would have it."""
    return _maker(request, engine).new()


@pytest.fixture
def empty_url(request: pytest.FixtureRequest, engine: str) -> str:
    """The URL of a database without tables."""
    return _maker(request, engine).empty()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A fresh, migrated database on each engine."""
    async with AsyncExitStack() as stack:
        database = Database(database_url)
        stack.push_async_callback(database.close)
        yield database


@pytest.fixture
def sqlite_url(sqlite_files: SqliteFiles) -> Iterator[str]:
    yield sqlite_files.new()
    sqlite_files.drop()


@pytest.fixture
async def sqlite_database(sqlite_url: str) -> AsyncIterator[Database]:
    """A fresh, migrated SQLite file, for what does not depend on the engine."""
    async with AsyncExitStack() as stack:
        database = Database(sqlite_url)
        stack.push_async_callback(database.close)
        yield database


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def vault() -> Vault:
    return Vault([generate_key()])
