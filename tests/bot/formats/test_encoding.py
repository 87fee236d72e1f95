"""The same bytes are always read the same way."""

import codecs

import pytest

from bot.formats.encoding import Encoding, UnknownEncoding, detect

CHINESE = "sku,name,quantity\nCUP-1,红色茶杯（大号）,3\nCUP-2,不锈钢水壶，带盖,4\n"
ENGLISH = "sku,name,quantity\nCUP-1,Red cup,3\n"


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (ENGLISH.encode(), "UTF-8"),
        (CHINESE.encode(), "UTF-8"),
        (codecs.BOM_UTF8 + CHINESE.encode(), "UTF-8"),
        (codecs.BOM_UTF16_LE + CHINESE.encode("utf-16-le"), "UTF-16"),
        (codecs.BOM_UTF16_BE + CHINESE.encode("utf-16-be"), "UTF-16"),
        (ENGLISH.encode("utf-16-le"), "UTF-16"),
        (CHINESE.encode("utf-16-le"), "UTF-16"),
        (CHINESE.encode("utf-16-be"), "UTF-16"),
        (CHINESE.encode("gbk"), "GBK"),
        ("sku,name\nA,杯\n".encode("gbk"), "GBK"),
        ("sku,name\nA,龘㐀茶杯红色水壶蓝色\n".encode("gb18030"), "GBK"),
    ],
)
def test_the_usual_encodings_are_recognised(data: bytes, name: str) -> None:
    found = detect(data)
    assert isinstance(found, Encoding)
    assert found.name == name
    assert data.decode(found.codec)


@pytest.mark.parametrize(
    "data",
    [
        "sku,name\nA,Müller Käse\n".encode("cp1252"),
        "sku,name\nA,Кружка синяя\n".encode("cp1251"),
        "sku,name\nA,マグカップ\n".encode("shift_jis"),
        b"sku,name\nA,\xff\xff\n",
    ],
)
def test_what_only_happens_to_decode_is_not_taken_for_chinese(data: bytes) -> None:
    assert isinstance(detect(data), UnknownEncoding)


def test_the_line_of_the_first_broken_byte_is_told() -> None:
    lines = [b"sku,name"] + [b"A%d,Cup" % number for number in range(20_000)]
    lines[15_001] = b"A15000,\xff\xfe\xfa"
    found = detect(b"\n".join(lines))
    assert isinstance(found, UnknownEncoding)
    assert found.line == 15_002


def test_a_mark_that_the_rest_does_not_keep_is_told() -> None:
    broken = codecs.BOM_UTF8 + b"sku,name\nA,\xd0\n"
    assert detect(broken) == UnknownEncoding(2, "UTF-8")
