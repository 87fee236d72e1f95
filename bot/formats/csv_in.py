"""A stock file in: CSV of any of the usual encodings and delimiters, read line by line."""

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.bulk import COLUMNS, Bad, BadCell, StockRow
from bot.domain.codes import sku_key
from bot.domain.places import MAIN, place_key
from bot.formats import cells
from bot.formats.cells import CellError
from bot.formats.encoding import Encoding, detect

DELIMITERS = (",", ";", "\t")
LONGEST_SKU = 100
LONGEST_LOCATION = 60
LONGEST_NAME = 300
LONGEST_TEXT = 200
LONGEST_ATTRIBUTE = 1_000
LONGEST_COLUMN = 60
LONGEST_LEAD_TIME = 3_650  # days
SHOWN = 80  # characters of a bad value that are shown again

_SEPARATOR_LINE = re.compile(r'\s*"?sep=([,;\t])"?\s*', re.IGNORECASE)  # Excel writes it above

Reader = Callable[[str], Any]


def _text(longest: int) -> Reader:
    return lambda cell: cells.line_of_text(cell, longest)


def _often(longest: int) -> Reader:
    return lambda cell: cells.often(cell, longest)


READERS: Mapping[str, Reader] = {
    "sku": _text(LONGEST_SKU),
    "name": _text(LONGEST_NAME),
    "location": _often(LONGEST_LOCATION),
    "quantity": cells.whole,
    "reorder_point": cells.whole,
    "clear_level": cells.whole,
    "lead_time_days": lambda cell: cells.whole(cell, LONGEST_LEAD_TIME),
    "currency": cells.currency,
    "url": cells.url,
    "image_url": cells.url,
    "category": _often(LONGEST_TEXT),
    "product": _often(LONGEST_TEXT),
    "brand": _often(LONGEST_TEXT),
    "supplier": _often(LONGEST_TEXT),
    "active": cells.active,
    # price is read last: how many decimals it may have is the currency's matter
}


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is written. `columns` in order of the file: ours, an attribute, or "" (empty)."""

    encoding: Encoding
    delimiter: str
    columns: tuple[str, ...]
    lines: int  # of the header and what stands above it

    @property
    def attributes(self) -> tuple[str, ...]:
        return tuple(name for name in self.columns if name and name not in COLUMNS)


def read(data: bytes, currency: str = "") -> Iterator[StockRow | BadCell]:
    """The rows of a stock file, and every bad cell of it; `currency` is for prices without one."""
    found = layout(data)
    if isinstance(found, Layout):
        yield from rows(data, found, currency)
    else:
        yield from found


def layout(data: bytes) -> Layout | tuple[BadCell, ...]:
    """How the file is written, from its first line, or all that is wrong with that line."""
    if not data.strip(b"\x00\r\n\t \xef\xbb\xbf\xff\xfe"):
        return (BadCell(1, "", "", Bad.EMPTY),)
    encoding = detect(data)
    if not isinstance(encoding, Encoding):
        return (BadCell(encoding.line, "", "", Bad.ENCODING, encoding.guess),)
    with _open(data, encoding) as lines:
        above, first = _first_line(lines)
    for delimiter in (above,) if above else _by_use(first):
        parsed, line = _header(data, encoding, delimiter, skip=bool(above))
        names = [_column(cell) for cell in parsed]
        if "sku" in names:
            problems = tuple(_wrong_columns(names, line))
            return problems or Layout(encoding, delimiter, tuple(names), line)
    reason = Bad.NO_SKU_COLUMN if any(sign in first for sign in DELIMITERS) else Bad.DELIMITER
    return (BadCell(1, "sku", first.strip()[:SHOWN], reason),)


def _open(data: bytes, encoding: Encoding) -> io.TextIOWrapper:
    # newline="" keeps line ends inside of quotes as they are.
    return io.TextIOWrapper(io.BytesIO(data), encoding.codec, newline="")


def _first_line(lines: io.TextIOWrapper) -> tuple[str, str]:
    """The delimiter that an Excel `sep=` line names ("" without one) and the header's text."""
    first = lines.readline()
    separator = _SEPARATOR_LINE.fullmatch(first.lstrip("\ufeff"))
    return (separator[1], lines.readline()) if separator else ("", first)


def _by_use(first: str) -> list[str]:
    """The delimiters, the one that the header uses most first."""
    return sorted(DELIMITERS, key=lambda sign: (-first.count(sign), DELIMITERS.index(sign)))


def _header(
    data: bytes, encoding: Encoding, delimiter: str, *, skip: bool
) -> tuple[list[str], int]:
    """The header's cells and the line it ends on."""
    with _open(data, encoding) as lines:
        if skip:
            lines.readline()
        reader = _csv(lines, delimiter)
        try:
            return next(reader), reader.line_num + skip
        except (csv.Error, StopIteration):
            return [], 1


def _csv(lines: io.TextIOWrapper, delimiter: str) -> Any:
    return csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True)


def _column(cell: str) -> str:
    """Our name for a column, whatever its case, blanks and dashes; else the attribute's name."""
    shown = cells.unprotect(cell.lstrip("\ufeff").strip())
    folded = re.sub(r"[\s-]+", "_", unicodedata.normalize("NFKC", shown).casefold())
    return folded if folded in COLUMNS else shown


def _wrong_columns(names: list[str], line: int) -> Iterator[BadCell]:
    seen: set[str] = set()
    for name in filter(None, names):
        if name in seen:
            yield BadCell(line, name, name, Bad.COLUMN_TWICE)
        if len(name) > LONGEST_COLUMN or not name.isprintable():
            yield BadCell(line, name[:SHOWN], name[:SHOWN], Bad.COLUMN_NAME, str(LONGEST_COLUMN))
        seen.add(name)


def rows(data: bytes, found: Layout, currency: str = "") -> Iterator[StockRow | BadCell]:
    """The rows below the header, one at a time; blank lines are passed over."""
    parse = _Rows(found, currency)
    with _open(data, found.encoding) as lines:
        for _ in range(found.lines):
            lines.readline()
        reader = _csv(lines, found.delimiter)
        last = found.lines
        while True:
            line = last + 1
            try:
                cells_of_row = next(reader, None)
            except csv.Error:
                yield BadCell(line, "", "", Bad.QUOTES)
                cells_of_row = []
            last = found.lines + reader.line_num
            if cells_of_row is None:
                return
            yield from parse.row(line, cells_of_row)


class _Rows:
    """Remembers what it needs to say which line a duplicate repeats, nothing else."""

    def __init__(self, found: Layout, currency: str) -> None:
        self.columns = found.columns
        self.currency = currency
        self.first: dict[tuple[str, str], int] = {}

    def row(self, line: int, cells_of_row: list[str]) -> list[StockRow | BadCell]:
        """The row, or all that is wrong with it; nothing for a blank line."""
        given, problems = self._given(line, cells_of_row)
        if not given and not problems:
            return []
        values: dict[str, Any] = {}
        attributes: dict[str, str] = {}
        for column, cell in given.items():
            reader = READERS.get(column)
            try:
                if reader is not None:
                    values[column] = reader(cell)
                elif column != "price":
                    attributes[column] = cells.text(cell, LONGEST_ATTRIBUTE)
            except CellError as error:
                problems.append(_bad(line, column, cell, error))
        key = sku_key(values.get("sku", ""))
        self._together(line, given, values, key, problems)
        if problems:
            return [*problems]
        return [StockRow(line=line, sku_key=key, attributes=attributes, **values)]

    def _given(self, line: int, cells_of_row: list[str]) -> tuple[dict[str, str], list[BadCell]]:
        """The cells that are not blank, by column."""
        given: dict[str, str] = {}
        problems: list[BadCell] = []
        for at, cell in enumerate(cells_of_row):
            if not cell or cell.isspace():
                continue
            if at >= len(self.columns):
                width = str(len(self.columns))
                problems.append(BadCell(line, "", cell[:SHOWN], Bad.TOO_MANY_CELLS, width))
                break
            if self.columns[at]:
                given[self.columns[at]] = cell
            else:
                problems.append(BadCell(line, "", cell[:SHOWN], Bad.COLUMN_UNNAMED))
        return given, problems

    def _together(
        self,
        line: int,
        given: Mapping[str, str],
        values: dict[str, Any],
        key: str,
        problems: list[BadCell],
    ) -> None:
        """What only several cells together can tell; completes `values`."""
        if "price" in given:
            self._price(line, given, values, problems)
        point, clear = values.get("reorder_point"), values.get("clear_level")
        if point and clear is not None and clear <= point:
            low = BadCell(line, "clear_level", given["clear_level"], Bad.CLEAR_LEVEL, str(point))
            problems.append(low)
        if not key:
            if "sku" not in given or "sku" in values:
                problems.append(BadCell(line, "sku", given.get("sku", ""), Bad.NO_SKU))
            return
        if "location" in given and "location" not in values:
            return
        place = values.setdefault("location", MAIN)
        first = self.first.setdefault((key, place_key(place)), line)
        if first != line:
            repeated = f"{values['sku']}@{place}"
            problems.append(BadCell(line, "sku", repeated, Bad.DUPLICATE, str(first)))

    def _price(
        self, line: int, given: Mapping[str, str], values: dict[str, Any], problems: list[BadCell]
    ) -> None:
        if "currency" in given and "currency" not in values:
            return
        code = values.get("currency", self.currency)
        try:
            values["price"] = cells.price(given["price"], code)
        except CellError as error:
            problems.append(_bad(line, "price", given["price"], error))
        if code:
            values["currency"] = code


def _bad(line: int, column: str, cell: str, error: CellError) -> BadCell:
    return BadCell(line, column, cell.strip()[:SHOWN], error.reason, error.detail)
