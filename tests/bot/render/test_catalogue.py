"""The catalogues agree with each other and with the code, and a gap in one is never an error."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from structlog.testing import capture_logs

import locales
from bot.render.catalogue import Texts, name, read_catalogue

ROOT = Path(__file__).parents[3]
PLACEHOLDER = re.compile(r"%\((\w+)\)s")
MSGID = re.compile(r"[a-z]+\.[a-z_]+")
HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n'
PLURALS = '"Plural-Forms: nplurals={}; plural={};\\n"\n'


def catalogue(language: str) -> Catalog:
    return read_catalogue(locales.folder() / language / "LC_MESSAGES" / "stockbell.po", language)


def forms(catalogue: Catalog) -> dict[str, tuple[str, ...]]:
    """msgid -> its texts, one or one for each plural form."""
    return {
        name(message): (message.string or "",)
        if isinstance(message.string, str | None)
        else tuple(message.string)
        for message in catalogue
        if message.id
    }


def plurals(catalogue: Catalog) -> set[str]:
    return {name(message) for message in catalogue if message.id and message.pluralizable}


def differences(source: Catalog, other: Catalog) -> list[str]:
    """What a translation lacks, has too much of or fills in differently."""
    ours, theirs = forms(source), forms(other)
    found = [f"missing: {msgid}" for msgid in sorted(ours.keys() - theirs.keys())]
    found += [f"unknown: {msgid}" for msgid in sorted(theirs.keys() - ours.keys())]
    found += [f"plural forms: {msgid}" for msgid in sorted(plurals(source) ^ plurals(other))]
    for msgid in sorted(ours.keys() & theirs.keys()):
        found += [f"{problem}: {msgid}" for problem in _unlike(ours[msgid], theirs[msgid])]
    for msgid in sorted(plurals(other)):
        found += [] if len(theirs[msgid]) == other.num_plurals else [f"plural forms: {msgid}"]
    return found


def _unlike(ours: tuple[str, ...], theirs: tuple[str, ...]) -> Iterator[str]:
    if not all(text.strip() for text in theirs):
        yield "empty"
    wanted = set(PLACEHOLDER.findall("".join(ours)))
    if any(set(PLACEHOLDER.findall(text)) != wanted for text in theirs):
        yield "placeholders"
    if any("%" in PLACEHOLDER.sub("", text) for text in theirs):
        yield "stray per cent sign"


def planted(tmp_path: Path, *, en: str, zh: str) -> Path:
    for language, text, plurals in (
        ("en", en, PLURALS.format(2, "(n != 1)")),
        ("zh_CN", zh, PLURALS.format(1, 0)),
    ):
        folder = tmp_path / language / "LC_MESSAGES"
        folder.mkdir(parents=True)
        (folder / "stockbell.po").write_text(HEAD + plurals + "\n" + text, encoding="utf-8")
    return tmp_path


def read(folder: Path, language: str) -> Catalog:
    return read_catalogue(folder / language / "LC_MESSAGES" / "stockbell.po", language)


def ids_in_code() -> set[str]:
    """Literals in bot/render and the verbs that look like ids, what handlers ask `simple` for, and
    what is said of each mistake in a `/stock` line."""
    found = set()
    verbs = [*(ROOT / "handlers" / "verbs").glob("*.py")]
    for path in (*(ROOT / "bot" / "render").rglob("*.py"), *verbs):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found |= {node.value} if MSGID.fullmatch(node.value) else set()
    for path in (ROOT / "bot" / "domain" / "stock_words.py", *verbs):
        found |= {f"bad.{code}" for code in mistakes(ast.parse(path.read_text("utf-8")))}
    for path in (ROOT / "handlers").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and "simple" in ast.unparse(node.func):
                found |= {
                    arg.value
                    for arg in node.args
                    if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
                }
    return found - {"stockbell.po"}


def mistakes(tree: ast.Module) -> Iterator[str]:
    """The codes of BadInput: `BadInput("person", ...)`, `wrong="zero"` and `wrong = "zero"`."""
    for node in ast.walk(tree):
        named: list[ast.expr] = []
        if isinstance(node, ast.Call):
            named = [given.value for given in node.keywords if given.arg == "wrong"]
            named += node.args[:1] if ast.unparse(node.func) == "BadInput" else []
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "wrong":
            named = [node.value]
        for value in named:
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield value.value


def test_the_chinese_catalogue_matches_the_english_one() -> None:
    assert differences(catalogue("en"), catalogue("zh_CN")) == []
    assert differences(catalogue("en"), catalogue("en")) == []


def test_no_entry_is_marked_as_doubtful() -> None:
    for language in ("en", "zh_CN"):
        assert [message.id for message in catalogue(language) if message.fuzzy and message.id] == []


def test_every_id_in_the_code_has_a_text_and_every_text_is_used(texts: Texts) -> None:
    assert sorted(ids_in_code() - texts.ids) == []
    assert sorted(texts.ids - ids_in_code()) == []


@pytest.mark.parametrize(
    ("zh", "problem"),
    [
        ('msgid "a.b"\nmsgstr "你好"', "placeholders: a.b"),
        ('msgid "a.b"\nmsgstr "%(nome)s"', "placeholders: a.b"),
        ('msgid "a.b"\nmsgstr ""', "empty: a.b"),
        ('msgid "a.b"\nmsgstr "%(name)s 100%"', "stray per cent sign: a.b"),
        ('msgid "a.c"\nmsgstr "%(name)s"', "missing: a.b"),
        ('msgid "a.c"\nmsgstr "%(name)s"', "unknown: a.c"),
        ('msgid "a.b"\nmsgid_plural "a.b"\nmsgstr[0] "%(name)s"', "plural forms: a.b"),
    ],
)
def test_a_planted_mistake_is_found(tmp_path: Path, zh: str, problem: str) -> None:
    folder = planted(tmp_path, en='msgid "a.b"\nmsgstr "Hi %(name)s"', zh=zh)
    found = differences(read(folder, "en"), read(folder, "zh_CN"))
    assert any(line.startswith(problem) for line in found), found


def test_every_text_formats_with_its_arguments(texts: Texts) -> None:
    with capture_logs() as logs:
        for language in texts.languages:
            for msgid, variants in forms(catalogue(language)).items():
                args = dict.fromkeys(PLACEHOLDER.findall("".join(variants)), "\u2603")
                for count in (0, 1, 2, 5, 21, 1234):
                    plural = "n" in args
                    text = (
                        texts.n(language, msgid, count, **(args | {"n": "7"}))
                        if plural
                        else texts.t(language, msgid, **args)
                    )
                    assert "%(" not in text
    assert logs == []


def test_a_missing_translation_is_told_in_english(tmp_path: Path) -> None:
    texts = Texts(folder=planted(tmp_path, en='msgid "a.b"\nmsgstr "Hi %(name)s"', zh=""))
    with capture_logs() as logs:
        assert texts.t("zh_CN", "a.b", name="Ada") == "Hi Ada"
    assert [log["event"] for log in logs] == ["text_missing"]


@pytest.mark.parametrize("zh", ["%(nome)s", "%(name)", "%(name)q", "100%", "%d"])
def test_a_broken_translation_is_told_in_english(tmp_path: Path, zh: str) -> None:
    folder = planted(
        tmp_path, en='msgid "a.b"\nmsgstr "Hi %(name)s"', zh=f'msgid "a.b"\nmsgstr "{zh}"'
    )
    with capture_logs() as logs:
        assert Texts(folder=folder).t("zh_CN", "a.b", name="Ada") == "Hi Ada"
    assert [log["event"] for log in logs] == ["text_broken"]


def test_even_a_broken_english_text_is_said_somehow(tmp_path: Path) -> None:
    en = 'msgid "a.b"\nmsgstr "Hi %(name)s"\n\nmsgid "a.c"\nmsgstr "100% of %(name)s"'
    texts = Texts(folder=planted(tmp_path, en=en, zh=""))
    with capture_logs() as logs:
        assert texts.t("en", "a.b") == "Hi …"
        assert texts.t("en", "a.c", name="x") == "100% of %(name)s"
        assert texts.t("en", "no.such_id") == "no.such_id"
    assert len(logs) == 3


def test_plural_forms_are_those_of_the_language(tmp_path: Path) -> None:
    en = 'msgid "a.n"\nmsgid_plural "a.n"\nmsgstr[0] "%(n)s left"\nmsgstr[1] "%(n)s lefts"'
    zh = 'msgid "a.n"\nmsgid_plural "a.n"\nmsgstr[0] "剩 %(n)s"'
    texts = Texts(folder=planted(tmp_path, en=en, zh=zh))
    counts = (0, 1, 2, 21, 1234)
    assert [texts.n("en", "a.n", count) for count in counts] == [
        "0 lefts", "1 left", "2 lefts", "21 lefts", "1,234 lefts",
    ]  # fmt: skip
    assert texts.n("zh_CN", "a.n", 1) == "剩 1"


@pytest.mark.parametrize(
    ("code", "language"),
    [
        ("zh-hans", "zh_CN"), ("zh", "zh_CN"), ("zh-CN", "zh_CN"), ("ZH_cn", "zh_CN"),
        ("zh-TW", "zh_CN"), ("en", "en"), ("en-GB", "en"), ("de", "en"), ("", "en"),
        (" zh ", "zh_CN"),
    ],
)  # fmt: skip
def test_a_platforms_language_code_finds_its_catalogue(
    texts: Texts, code: str, language: str
) -> None:
    assert texts.pick(code) == language


def test_an_unknown_language_gets_the_shops_own() -> None:
    assert Texts("zh-hans").pick("de") == "zh_CN"
    assert Texts("xx").pick("de") == "en"


def test_there_are_two_languages_with_english_first(texts: Texts) -> None:
    assert texts.languages == ("en", "zh_CN")
