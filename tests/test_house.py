"""What import-linter and ruff cannot see, each rule with its planted mistake."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = ("bot", "handlers", "storage", "locales")
PLATFORM_VERBS = ("reply_", "send_", "edit_", "chat_", "views_")
ANSWERS = ("handlers/telegram/answer.py", "handlers/slack/answer.py")
# Our own methods with such a prefix are no calls of a platform.
OWN = {"send_error", "edit_distance", "send_socket_mode_response"}
LONGEST_HANDLER = 25
SUBJECT = re.compile("(alert|batch|restock|sold_out|expired|digest|fault|product):")
ADDRESS = re.compile(r"\.way\}:\{|^(slack|telegram):\{")
VENDORS = {
    "telegram": ("handlers/telegram/", "bot/channels/telegram", "bot/checking/telegram.py"),
    "slack_bolt": ("handlers/slack/",),
    "slack_sdk": ("handlers/slack/", "bot/channels/slack", "bot/checking/slack.py"),
    "apscheduler": ("handlers/schedule/",),
    "prometheus_client": ("handlers/http/metrics.py",),
    "sqlalchemy": ("storage/",),
    "aiosqlite": ("storage/",),
    "asyncpg": ("storage/",),
    "alembic": ("storage/",),
}
WAY_NAMES = {"TELEGRAM", "SLACK"}
KNOW_A_WAY = (
    "bot/app/ways/", "bot/channels/", "bot/settings", "bot/sandbox/", "bot/demo.py",
    "handlers/telegram/", "handlers/slack/",
    "bot/domain/stock_words.py",  # a mention, as Slack sends it
)  # fmt: skip
SLACK_CLIENTS = {"AsyncWebClient", "WebClient", "AsyncWebhookClient", "WebhookClient"}
SESSIONS = ("bot/channels/slack_client.py", "bot/channels/telegram_transport.py", "bot/sandbox/")


@cache
def files(*folders: str) -> list[tuple[str, ast.Module]]:
    paths = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return [(str(path.relative_to(ROOT)), ast.parse(path.read_text("utf-8"))) for path in paths]


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def async_in_the_domain(name: str, tree: ast.AST) -> list[str]:
    kinds = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
    if not name.startswith("bot/domain/"):
        return []
    return [f"{name}:{node.lineno}" for node in ast.walk(tree) if isinstance(node, kinds)]


def outside_imports_in_the_domain(name: str, tree: ast.AST) -> list[str]:
    if not name.startswith("bot/domain/"):
        return []
    allowed = {*sys.stdlib_module_names, "bot"} - {"asyncio", "socket", "sqlite3", "logging"}
    return [
        f"{name}:{line} {module}"
        for line, module in imports(tree)
        if module.split(".")[0] not in allowed
    ]


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module


def long_handlers(name: str, tree: ast.AST) -> list[str]:
    if not name.startswith("handlers/"):
        return []
    return [
        f"{name}:{function.lineno} {function.name}"
        for function in functions(tree)
        if _length(function) > LONGEST_HANDLER
    ]


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of the body, without the signature and the docstring."""
    body = function.body
    if ast.get_docstring(function) is not None:
        body = body[1:]
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def platform_calls(name: str, tree: ast.AST) -> list[str]:
    if name.startswith(("bot/channels/", "bot/sandbox/")) or name in ANSWERS:
        return []
    return [
        f"{name}:{node.lineno} {node.func.attr}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr.startswith(PLATFORM_VERBS)
        and node.func.attr not in OWN
    ]


def vendors_out_of_their_room(name: str, tree: ast.AST) -> list[str]:
    return [
        f"{name}:{line} {module}"
        for line, module in imports(tree)
        for vendor, rooms in VENDORS.items()
        if module.split(".")[0] == vendor and not name.startswith(rooms)
    ]


def ways_asked_by_name(name: str, tree: ast.AST) -> list[str]:
    """What a way can do stands in its row: whoever asks for one by name forgets the next one."""
    if name.startswith(KNOW_A_WAY):
        return []
    named: list[ast.stmt | ast.expr] = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and node.module == "bot.domain.ways"
        and any(alias.name in WAY_NAMES for alias in node.names)
    ]
    words = {word.lower() for word in WAY_NAMES}
    compared = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare)
        and words & {ast.unparse(part).strip("'") for part in (node.left, *node.comparators)}
    ]
    return [f"{name}:{node.lineno}" for node in (*named, *compared)]


def slack_clients_that_repeat(name: str, tree: ast.AST) -> list[str]:
    """slack_sdk's default handler posts once more what was dropped: `retry_handlers=[]`."""
    made = [call for call in calls(tree) if _called(call) in SLACK_CLIENTS]
    for heir in ast.walk(tree):
        if isinstance(heir, ast.ClassDef) and SLACK_CLIENTS & {ast.unparse(b) for b in heir.bases}:
            made += [call for call in calls(heir) if ast.unparse(call.func) == "super().__init__"]
    return [f"{name}:{call.lineno}" for call in made if not _never_repeats(call)]


def _never_repeats(call: ast.Call) -> bool:
    return any(
        given.arg == "retry_handlers" and ast.unparse(given.value) == "[]"
        for given in call.keywords
    )


def sessions_out_of_their_room(name: str, tree: ast.AST) -> list[str]:
    """One session for each platform, made where its client is; none for a call."""
    if name.startswith(SESSIONS):
        return []
    made = {"ClientSession", "aiohttp.ClientSession", "aiohttp.request"}
    return [f"{name}:{call.lineno}" for call in calls(tree) if ast.unparse(call.func) in made]


def roles_held_against_each_other(name: str, tree: ast.AST) -> list[str]:
    """Only `may` compares roles, and only Members refuses: where the transaction begins."""
    if name == "bot/domain/contacts.py":
        return []
    order = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
    compared = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare)
        and isinstance(node.ops[0], order)
        and "role" in ast.unparse(node).lower()
    ]
    refused = [call for call in calls(tree) if _called(call) == "NotAllowed"]
    inside = name == "bot/services/people/members.py"
    return [f"{name}:{node.lineno}" for node in (*compared, *([] if inside else refused))]


def rows_that_leave_storage(name: str, tree: ast.AST) -> list[str]:
    """mypy knows no field of a row: a misspelt one would be found by whoever runs it."""
    if name.startswith(BELOW_QUERIES):
        return []
    if name.startswith("storage/"):
        return [
            f"{name}:{hint.lineno} {ast.unparse(hint)}"
            for hint in _what_leaves(tree)
            if UNTYPED.search(OF_SQL.sub("", ast.unparse(hint)))
        ]
    return [
        f"{name}:{node.lineno} {node.name if isinstance(node, ast.alias) else node.attr}"
        for node in ast.walk(tree)
        if (isinstance(node, ast.alias) and node.name == ROW)
        or (isinstance(node, ast.Attribute) and node.attr in FOR_STORAGE_ALONE)
    ]


def _what_leaves(tree: ast.AST) -> Iterator[ast.expr]:
    """What public functions return, and the fields of public classes."""
    for function in functions(tree):
        if not function.name.startswith("_") and function.name not in FOR_STORAGE_ALONE:
            yield from [function.returns] if function.returns else []
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from (field.annotation for field in node.body if isinstance(field, ast.AnnAssign))


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node


def subjects_put_together_elsewhere(name: str, tree: ast.AST) -> list[str]:
    """What a message is called is read back: one module writes it."""
    rooms = ("bot/domain/", "bot/services/", "storage/")
    if name == "bot/domain/subjects.py" or not name.startswith(rooms):
        return []
    return [f"{name}:{line}" for line, text in templates(tree) if SUBJECT.match(text)]


def addresses_put_together_elsewhere(name: str, tree: ast.AST) -> list[str]:
    """Address.text and Address.parse are the only ones that know the form."""
    if name == "bot/domain/contacts.py":
        return []
    return [f"{name}:{line}" for line, text in templates(tree) if ADDRESS.search(text)]


def templates(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The f-strings, as they are written, without the f and the quotes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield node.lineno, ast.unparse(node)[2:-1]


def _called(call: ast.Call) -> str:
    return ast.unparse(call.func).split(".")[-1]


ROW = "Any" + "Row"  # so that nothing is found by looking for the word outside of storage/
UNTYPED = re.compile(rf"\b({ROW}|Row|RowMapping|Any)\b")
OF_SQL = re.compile(r"\b(ColumnElement|Select|Insert|CTE)\[Any\]")  # a piece of a statement, no row
BELOW_QUERIES = ("storage/migrations/", "storage/one_visit.py", "storage/types.py")
FOR_STORAGE_ALONE = {"row_at"}  # public there because two of its modules share it

Rule = Callable[[str, ast.AST], list[str]]
# rule: (where a mistake is planted, the mistake)
RULES: dict[Rule, tuple[str, str]] = {
    async_in_the_domain: ("bot/domain/x.py", "async def f(): pass"),
    outside_imports_in_the_domain: ("bot/domain/x.py", "import sqlalchemy"),
    long_handlers: ("handlers/x.py", "def f():\n" + "    a = 1\n" * 26),
    platform_calls: ("handlers/telegram/x.py", "bot.send_message(1)"),
    vendors_out_of_their_room: ("bot/services/x.py", "from sqlalchemy import select"),
    roles_held_against_each_other: ("bot/services/x.py", "member.role >= Role.CLERK"),
    ways_asked_by_name: ("bot/services/x.py", "if way == 'telegram': pass"),
    slack_clients_that_repeat: (
        "bot/checking/slack.py",
        "AsyncWebClient('xoxb-1', session=session)",
    ),
    subjects_put_together_elsewhere: ("bot/services/x.py", "subject = f'alert:{number}'"),
    addresses_put_together_elsewhere: ("bot/services/x.py", "f'{one.way}:{one.value}'"),
    sessions_out_of_their_room: ("handlers/slack/x.py", "aiohttp.ClientSession()"),
    rows_that_leave_storage: ("storage/x.py", f"async def by_id(tx: Tx) -> {ROW} | None: ..."),
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps_its_rule(rule: Rule) -> None:
    found = [spot for name, tree in files(*SOURCES) for spot in rule(name, tree)]
    assert found == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_planted_mistake_is_found(rule: Rule) -> None:
    name, mistake = RULES[rule]
    assert rule(name, ast.parse(mistake))


@pytest.mark.parametrize(
    "mistake",
    [
        "slack_sdk.web.async_client.AsyncWebClient()",
        "AsyncWebClient(retry_handlers=[AsyncRateLimitErrorRetryHandler()])",
        "AsyncWebhookClient(url)",
        "class X(AsyncWebClient):\n def __init__(self): super().__init__(token='xoxb-1')",
    ],
)
def test_no_client_of_slack_repeats_by_itself(mistake: str) -> None:
    assert slack_clients_that_repeat("handlers/x.py", ast.parse(mistake))


def test_only_members_refuse() -> None:
    mistake = ast.parse("raise NotAllowed(refused)")
    assert roles_held_against_each_other("bot/services/x.py", mistake)
    assert not roles_held_against_each_other("bot/services/people/members.py", mistake)


@pytest.mark.parametrize(
    ("name", "mistake"),
    [
        ("storage/x.py", "async def all_of(tx: Tx) -> Sequence[Any]: ..."),
        ("storage/x.py", "async def by_key(tx: Tx) -> Mapping[str, Any]: ..."),
        ("storage/x.py", "class Found:\n    row: Row[Any]"),
        ("bot/services/x.py", f"from storage.types import {ROW}"),
        ("handlers/x.py", "await contacts.row_at(tx, vault, address)"),
    ],
)
def test_no_row_leaves_storage(name: str, mistake: str) -> None:
    assert rows_that_leave_storage(name, ast.parse(mistake))


def test_a_planted_circle_of_imports_is_found(tmp_path: Path) -> None:
    """By the contract that `make check` holds over the house; a type that is only named counts."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    (kind,) = {c["type"] for c in contracts if c["name"].startswith("no imports in a circle")}
    room = tmp_path / "planted" / "room"
    room.mkdir(parents=True)
    for package in (room, room.parent):
        (package / "__init__.py").touch()
    (room / "driver.py").write_text("from planted.room import hands\n")
    (room / "hands.py").write_text(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import planted.room.driver\n"
    )
    (tmp_path / ".importlinter").write_text(
        "[importlinter]\nroot_package = planted\n"
        f"[importlinter:contract:1]\nname = no circle\ntype = {kind}\nancestors = planted\n"
    )
    linter = Path(sys.executable).with_name("lint-imports")
    found = subprocess.run([linter, "--no-cache"], cwd=tmp_path, capture_output=True, text=True)
    assert found.returncode == 1
    assert "planted.room" in found.stdout


def test_importing_any_module_does_nothing() -> None:
    """No module of ours runs a call at its top level that opens, starts or prints something."""
    loud = {"run", "start", "connect", "open", "print", "create_engine", "Database", "Settings"}
    found = [
        f"{name}:{node.lineno}"
        for name, tree in files(*SOURCES)
        if not name.endswith(("migrations/env.py", "__main__.py"))
        for node in tree.body
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and ast.unparse(node.value.func).split(".")[-1] in loud
    ]
    assert found == []


def test_no_file_outgrows_500_lines_and_no_machine_is_named() -> None:
    for folder in (*SOURCES, "tests"):
        for path in (ROOT / folder).rglob("*.py"):
            lines = path.read_text("utf-8").splitlines()
            assert len(lines) <= 500, path
            if path.name != Path(__file__).name:
                assert not any("/wor" + "k/" in line for line in lines), path
