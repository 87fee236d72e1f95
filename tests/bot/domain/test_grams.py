"""The pieces of text that search compares."""

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.grams import fold, grams, marked, rarest, words


def test_a_latin_word_gives_trigrams_with_marks_at_both_ends() -> None:
    assert grams(["Mug"]) == {" mu", "mug", "ug "}


def test_a_short_word_still_gives_a_gram() -> None:
    assert grams(["L"]) == {" l "}
    assert grams(["XL"]) == {" xl", "xl "}


def test_chinese_gives_characters_and_pairs() -> None:
    assert grams(["红茶杯"]) == {"红", "茶", "杯", "红茶", "茶杯"}


def test_scripts_that_touch_are_told_apart() -> None:
    assert grams(["Luma红茶"]) == grams(["luma 红茶"])


def test_codes_break_at_their_punctuation() -> None:
    assert grams(["MUG-BLU"]) == grams(["mug", "blu"])


def test_full_width_and_case_do_not_matter() -> None:
    assert grams(["ＭＵＧ　１２"]) == grams(["mug 12"])
    assert words(fold("Straße №５")) == ["strasse", "no5"]


def test_texts_without_letters_have_no_grams() -> None:
    assert grams(["", " -_/ ", "!?"]) == set()


@given(st.lists(st.text(max_size=30), max_size=4))
def test_every_gram_is_at_most_three_characters_and_the_order_of_texts_is_nothing(
    texts: list[str],
) -> None:
    found = grams(texts)
    assert all(1 <= len(gram) <= 3 for gram in found)
    assert found == grams(reversed(texts))


SOME = st.lists(st.text("ab 杯茶É１-", max_size=8), max_size=3)


@given(SOME, SOME)
def test_a_gram_is_found_in_the_marked_text_exactly_where_it_is_a_gram_of_it(
    texts: list[str], others: list[str]
) -> None:
    found = marked(texts)
    for gram in grams(texts) | grams(others):
        assert (gram in found) == (gram in grams(texts))


def test_the_rarest_grams_go_first_within_the_budget() -> None:
    counts = {"a": 50, "b": 5, "c": 10, "d": 0}
    assert rarest(counts, 20) == ["b", "c"]
    assert rarest(counts, 100) == ["b", "c", "a"]


def test_one_gram_is_read_even_above_the_budget() -> None:
    assert rarest({"a": 50, "b": 70}, 20) == ["a"]
    assert rarest({}, 20) == []
