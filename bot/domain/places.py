"""Which location somebody means by what they typed, in chat as in a file. Pure."""

from collections.abc import Iterable
from functools import lru_cache

from bot.domain.codes import sku_key
from bot.domain.stock import Location

MAIN = "main"  # where stock lies that names no location


@lru_cache(maxsize=1024)  # a stock file names a few of them 100,000 times
def place_key(text: str) -> str:
    """The form under which names of locations are equal: as with SKU codes.

    >>> place_key("Back Room") == place_key("ｂａｃｋｒｏｏｍ")
    True
    """
    return sku_key(text)


class Places:
    """Locations by what people call them: the code or the name, however it is typed.

    Of two that fold to the same the one that is written exactly so is meant, else the older one.
    """

    def __init__(self, known: Iterable[Location]) -> None:
        oldest_first = sorted(known, key=lambda place: place.id)
        self._exact = {place.code: place for place in oldest_first}
        self._folded: dict[str, Location] = {}
        for called in ("code", "name"):
            for place in oldest_first:
                self._folded.setdefault(place_key(getattr(place, called)), place)

    def find(self, named: str) -> Location | None:
        return self._exact.get(named) or self._folded.get(place_key(named))
