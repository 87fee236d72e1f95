import pytest

from bot.render.catalogue import Texts
from bot.render.voice import View
from tests.bot.render import samples


@pytest.fixture(scope="session")
def texts() -> Texts:
    return Texts()


@pytest.fixture(scope="session")
def view(texts: Texts) -> View:
    return samples.view(texts)
