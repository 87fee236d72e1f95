"""Stock files as people, spreadsheets and other programs write them."""

import codecs

import pytest

from bot.domain.bulk import Bad, BadCell, StockRow
from bot.formats.csv_in import Layout, layout, read


def good(text: str | bytes, currency: str = "") -> list[StockRow]:
    data = text if isinstance(text, bytes) else text.encode()
    found = list(read(data, currency))
    assert all(isinstance(item, StockRow) for item in found), found
    return [item for item in found if isinstance(item, StockRow)]


def bad(text: str | bytes, currency: str = "") -> list[tuple[int, str, Bad]]:
    data = text if isinstance(text, bytes) else text.encode()
    return [
        (item.line, item.column, item.reason)
        for item in read(data, currency)
        if isinstance(item, BadCell)
    ]


def test_every_column_is_read() -> None:
    (row,) = good(
        "sku,name,quantity,location,reorder_point,clear_level,lead_time_days,price,currency,url,"
        "image_url,category,product,brand,supplier,active,Colour\n"
        "mug-1,Red mug,5,shop,3,4,14,12.50,EUR,https://s.example/m,https://s.example/m.png,"
        "Kitchen,Mug,Acme,Supply Ltd,yes,red\n"
    )
    assert row == StockRow(
        line=2,
        sku="mug-1",
        sku_key="MUG-1",
        name="Red mug",
        quantity=5,
        location="shop",
        reorder_point=3,
        clear_level=4,
        lead_time_days=14,
        price=1250,
        currency="EUR",
        url="https://s.example/m",
        image_url="https://s.example/m.png",
        category="Kitchen",
        product="Mug",
        brand="Acme",
        supplier="Supply Ltd",
        active=True,
        attributes={"Colour": "red"},
    )


def test_blank_cells_and_missing_columns_leave_what_is_stored() -> None:
    (row,) = good("sku,name,quantity,Colour\nA, ,,\n")
    assert (row.name, row.quantity, row.price, row.active) == (None, None, None, None)
    assert row.attributes == {}
    assert row.location == "main"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "gbk"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_it_reads_what_programs_write(delimiter: str, encoding: str, ending: str) -> None:
    lines = [["SKU", "Name", "Quantity"], ["A", "红色茶杯", "3"], ["B", "水壶", "4"]]
    data = ending.join(delimiter.join(cells) for cells in lines).encode(encoding)
    assert [(r.sku, r.name, r.quantity, r.line) for r in good(data)] == [
        ("A", "红色茶杯", 3, 2),
        ("B", "水壶", 4, 3),
    ]


def test_the_excel_line_that_names_the_delimiter_is_understood() -> None:
    (row,) = good(b"sep=;\r\nsku;name\r\nA;One, two\r\n")
    assert (row.name, row.line) == ("One, two", 3)


def test_column_names_do_not_care_about_case_blanks_and_dashes() -> None:
    (row,) = good("﻿ Sku ,REORDER POINT,lead-time-days,Ｑｕａｎｔｉｔｙ\nA,3,7,2\n")
    assert (row.reorder_point, row.lead_time_days, row.quantity) == (3, 7, 2)


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    text = 'sku,name,quantity,note\nA,"two\nlines",1,"and\nthree\nmore"\n\nB,b,x,\n"C\n",c,y,\n'
    assert bad(text) == [(7, "quantity", Bad.NOT_WHOLE), (8, "quantity", Bad.NOT_WHOLE)]


def test_attributes_keep_their_lines_and_names() -> None:
    (row,) = good('sku,Care instructions,"Grösse"\nA,"30°\r\nno dryer",XL\n')
    assert row.attributes == {"Care instructions": "30°\nno dryer", "Grösse": "XL"}


def test_every_bad_cell_is_told_not_only_the_first() -> None:
    text = (
        "sku,quantity,price,currency,url,active\n"
        "A,abc,1.999,EUR,ftp://x,maybe\n"
        ",1,,,,\n"
        "B,-1,5,EURO,,\n"
        "C,1,2,EUR,,yes\n"
    )
    assert bad(text) == [
        (2, "quantity", Bad.NOT_WHOLE),
        (2, "url", Bad.URL),
        (2, "active", Bad.ACTIVE),
        (2, "price", Bad.PRICE),
        (3, "sku", Bad.NO_SKU),
        (4, "quantity", Bad.NEGATIVE),
        (4, "currency", Bad.CURRENCY),
    ]


def test_the_same_sku_at_the_same_location_twice_names_the_first_line() -> None:
    text = "sku,location,quantity\nMUG-1,,1\nMUG-2,,1\n ｍｕｇ–1 ,Main,2\nmug-1,north,3\n"
    (found,) = [item for item in read(text.encode()) if isinstance(item, BadCell)]
    assert (found.line, found.reason, found.detail) == (4, Bad.DUPLICATE, "2")


def test_the_clear_level_is_above_the_reorder_point_unless_the_rule_is_off() -> None:
    text = "sku,reorder_point,clear_level\nA,5,5\nB,5,6\nC,0,0\n"
    assert bad(text) == [(2, "clear_level", Bad.CLEAR_LEVEL)]


def test_a_price_without_a_currency_takes_the_one_that_was_given() -> None:
    text = "sku,price,currency\nA,1200,\nB,1.50,EUR\nC,,\n"
    rows = good(text, currency="JPY")
    assert [(r.price, r.currency) for r in rows] == [(1200, "JPY"), (150, "EUR"), (None, None)]
    assert [(r.price, r.currency) for r in good("sku,price\nA,5\n")] == [(500, None)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", (1, "", Bad.EMPTY)),
        ("\ufeff\r\n \n", (1, "", Bad.EMPTY)),
        ("name,quantity\nA,1\n", (1, "sku", Bad.NO_SKU_COLUMN)),
        ("sku|name\nA|b\n", (1, "sku", Bad.DELIMITER)),
        ("hello\n", (1, "sku", Bad.DELIMITER)),
        ("sku,Name,name\nA,b,c\n", (1, "name", Bad.COLUMN_TWICE)),
        ("sku,Size,Size\nA,b,c\n", (1, "Size", Bad.COLUMN_TWICE)),
        ("sku,a\x00b\nA,b\n", (1, "a\x00b", Bad.COLUMN_NAME)),
        ("sku,\nA,b\n", (2, "", Bad.COLUMN_UNNAMED)),
        ("sku,name\nA,b,c\n", (2, "", Bad.TOO_MANY_CELLS)),
        ("sku,name\nA\x00,b\n", (2, "sku", Bad.CONTROL)),
        ('sku,name\nA,"b"c\n', (2, "", Bad.QUOTES)),
        ('sku,name\nA,b\nB,"never closed\nC,d\n', (3, "", Bad.QUOTES)),
        (f"sku,name\n{'x' * 101},b\n", (2, "sku", Bad.TOO_LONG)),
        ("sku,name\nA," + "y" * 200_000 + "\n", (2, "", Bad.QUOTES)),
        ("sku,name\n - ,b\n\u3000,c\n", (3, "sku", Bad.NO_SKU)),
    ],
)
def test_hostile_files_are_refused_with_a_reason(text: str, found: tuple[int, str, Bad]) -> None:
    assert bad(text) == [found]


def test_reading_goes_on_behind_a_line_with_wrong_quotes() -> None:
    assert bad('sku,quantity\n"A"x,1\nB,abc\n') == [
        (2, "", Bad.QUOTES),
        (3, "quantity", Bad.NOT_WHOLE),
    ]


def test_a_broken_encoding_is_told_with_its_line() -> None:
    assert bad(b"sku,name\nA,M\xfcller\n") == [(2, "", Bad.ENCODING)]


def test_a_file_with_a_header_only_has_no_rows() -> None:
    assert good("sku,name\n") == []


def test_trailing_empty_columns_and_blank_lines_are_nothing() -> None:
    assert [row.sku for row in good("sku,name,,\nA,b,,\n,,,\n\n")] == ["A"]


def test_the_layout_says_how_the_file_was_read() -> None:
    found = layout(codecs.BOM_UTF16_LE + "sku\tSize\tname\nA\tL\tb\n".encode("utf-16-le"))
    assert isinstance(found, Layout)
    assert (found.encoding.name, found.delimiter, found.attributes) == ("UTF-16", "\t", ("Size",))
