"""The message catalogues: `<language>/LC_MESSAGES/stockbell.po`."""

from importlib.resources import files
from importlib.resources.abc import Traversable


def folder() -> Traversable:
    """Where the catalogues lie, also inside an installed wheel."""
    return files(__name__)
