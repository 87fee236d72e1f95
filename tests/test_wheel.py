"""What a shop gets that installs the wheel: all of it, and nothing of it from this folder."""

import json
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from zipfile import ZipFile

import aiohttp
import pytest

from tests.support.process import BotProcess, bare_environment

ROOT = Path(__file__).parent.parent
PACKAGES = ("bot", "handlers", "storage", "locales")
CARRIED = (
    r"locales/en/LC_MESSAGES/stockbell\.po",
    r"locales/zh_CN/LC_MESSAGES/stockbell\.po",
    r"storage/migrations/env\.py",
    r"storage/migrations/versions/0001_.+\.py",
    r"bot/sandbox/page/index\.html",
    r"bot/sandbox/page/.+\.css",
    r"bot/sandbox/page/.+\.js",
    r"bot/sandbox/page/.+\.svg",
    r"bot/demo_shop\.csv",
    r"stockbell-.+\.dist-info/licenses/LICENSE",
)


def run(*command: str, cwd: Path) -> str:
    done = subprocess.run(
        command, cwd=cwd, env=bare_environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def tracked_files() -> list[str]:
    """What a clone would hold; where there is no git, all of the packages."""
    if (ROOT / ".git").exists() and shutil.which("git"):
        return run("git", "ls-files", "-z", cwd=ROOT).strip("\0").split("\0")
    inside = [path for name in PACKAGES for path in (ROOT / name).rglob("*") if path.is_file()]
    names = [str(path.relative_to(ROOT)) for path in inside if "__pycache__" not in path.parts]
    return [*names, "pyproject.toml", "README.md", "LICENSE"]


pytestmark = [
    pytest.mark.promises,
    pytest.mark.xdist_group("one wheel for all of them"),
]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that nothing is left in the checkout."""
    copy = tmp_path_factory.mktemp("copy")
    for name in tracked_files():
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, copy / name)
    pip = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-index", "--no-deps")
    run(*pip, "--no-build-isolation", "--wheel-dir", "made", ".", cwd=copy)
    (made,) = (copy / "made").glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel, and the libraries of the one that runs the tests."""
    home = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", str(home), cwd=home)
    python = str(home / "bin" / "python")
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-index")
    run(*pip, "--no-deps", str(wheel), cwd=home)
    # A path in a .pth file brings no other .pth file along: the editable checkout stays out.
    site = next(home.glob("lib/python*/site-packages"))
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return home


def stockbell(installed: Path, folder: Path, *command: str, **env: str) -> BotProcess:
    program = str(installed / "bin" / "stockbell")
    return BotProcess(folder, env, command=command, name="stockbell", python=program)


async def said(process: BotProcess) -> str:
    await process.start()
    assert await process.wait(60) == 0, process.text
    return process.text


def test_the_wheel_carries_texts_migrations_pages_and_the_demo(wheel: Path) -> None:
    names = ZipFile(wheel).namelist()
    for wanted in CARRIED:
        assert any(re.fullmatch(wanted, name) for name in names), f"{wanted} is missing"
    tops = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert tops == set(PACKAGES)


def test_every_data_file_of_the_packages_is_in_the_wheel(wheel: Path) -> None:
    ours = {n for n in tracked_files() if n.startswith(PACKAGES) and (ROOT / n).is_file()}
    assert ours - set(ZipFile(wheel).namelist()) == set()


def test_what_is_installed_does_not_come_from_the_checkout(installed: Path, tmp_path: Path) -> None:
    code = f"import {', '.join(PACKAGES)}\nfor p in {', '.join(PACKAGES)}: print(p.__path__[0])"
    places = run(str(installed / "bin" / "python"), "-c", code, cwd=tmp_path).split()
    assert len(places) == len(PACKAGES)
    assert all(Path(place).is_relative_to(installed) for place in places), places


async def test_version_migrate_and_manifest_work_from_an_empty_folder(
    installed: Path, tmp_path: Path
) -> None:
    assert re.search(
        r"\d+\.\d+\.\d+", await said(stockbell(installed, tmp_path / "a", "--version"))
    )
    migrated = await said(stockbell(installed, tmp_path / "b", "migrate"))
    assert "The database is up to date." in migrated
    assert (tmp_path / "b" / "data" / "stockbell.db").is_file()
    manifest = await said(stockbell(installed, tmp_path / "c", "slack-manifest"))
    assert json.loads(manifest)["features"]["slash_commands"][0]["command"] == "/stock"


async def test_the_demo_starts_shows_its_page_and_stops(installed: Path, tmp_path: Path) -> None:
    demo = stockbell(installed, tmp_path, "demo", "--no-open", "--port", "0")
    async with demo:
        text = await demo.wait_for_output("http://", timeout=30)
        found = re.search(r"http://127\.0\.0\.1:\d+", text)
        assert found, text
        async with aiohttp.ClientSession() as session, session.get(found[0]) as page:
            assert (page.status, "<html" in await page.text()) == (200, True)
        assert await demo.terminate() == 0
    assert "Traceback" not in demo.text
