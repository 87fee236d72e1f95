"""Which encoding a file is in. The order is fixed, so that the same bytes always read the same."""

import codecs
from dataclasses import dataclass

from charset_normalizer import from_bytes

SAMPLE = 4096  # the bytes that UTF-16 without a mark, and the guess for the message, look at
PIECE = 1 << 16
LIKELY = 0.7  # of the two-byte characters are everyday Chinese when a file is GBK
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)


@dataclass(frozen=True, slots=True)
class Encoding:
    codec: str
    name: str  # for people


@dataclass(frozen=True, slots=True)
class UnknownEncoding:
    """`line` is the first one that is not UTF-8; `guess` may be empty."""

    line: int
    guess: str = ""


def detect(data: bytes) -> Encoding | UnknownEncoding:
    """A byte order mark decides; else UTF-16 by its zeros, UTF-8 if it is valid, then likely GBK.

    What comes back decodes the whole of `data`.
    """
    for mark, codec, name in MARKS:
        if data.startswith(mark):
            broken = _broken(data, codec.removesuffix("-sig"))
            return Encoding(codec, name) if broken is None else _unknown(data, broken, name)
    for codec in _utf16(data[:SAMPLE]):
        if _broken(data, codec) is None:
            return Encoding(codec, "UTF-16")
    broken = _broken(data, "utf-8")
    if broken is None:
        return Encoding("utf-8", "UTF-8")
    if _broken(data, "gb18030") is None and _looks_chinese(data):
        return Encoding("gb18030", "GBK")
    return _unknown(data, broken, _guess(data[max(0, broken - SAMPLE) : broken + SAMPLE]))


def _unknown(data: bytes, broken: int, guess: str) -> UnknownEncoding:
    return UnknownEncoding(data.count(b"\n", 0, broken) + 1, guess)


def _broken(data: bytes, codec: str) -> int | None:
    """Where the first byte is that does not decode; None when all of them do.

    Piece by piece, so that the text of a big file is never in memory as a whole.
    """
    decoder = codecs.getincrementaldecoder(codec)()
    for start in range(0, len(data) or 1, PIECE):
        try:
            decoder.decode(data[start : start + PIECE], final=start + PIECE >= len(data))
        except UnicodeDecodeError as error:
            return start + error.start
    return None


def _utf16(sample: bytes) -> tuple[str, ...]:
    """The header of a stock file is mostly ASCII: every other byte of it is zero in UTF-16."""
    low, high = sample[::2].count(0), sample[1::2].count(0)
    if high > 4 * low and high * 8 > len(sample):
        return ("utf-16-le",)
    if low > 4 * high and low * 8 > len(sample):
        return ("utf-16-be",)
    return ()


def _looks_chinese(data: bytes) -> bool:
    """Western text often decodes as GBK too, but into rare characters.

    GB 2312 puts everyday characters at B0-D7, full-width forms and punctuation at A1-A3, all of
    them with a second byte from A1 up; an accented letter is followed by a plain one instead.
    """
    pairs = common = 0
    at, size = 0, len(data)
    while at < size - 1:
        first = data[at]
        if first < 0x81:
            at += 1
            continue
        pairs += 1
        everyday = 0xB0 <= first <= 0xD7 or 0xA1 <= first <= 0xA3
        common += everyday and data[at + 1] >= 0xA1
        at += 2
    return pairs > 0 and common >= LIKELY * pairs


def _guess(sample: bytes) -> str:
    best = from_bytes(sample).best()
    return "" if best is None else best.encoding.replace("_", "-")
