"""The pieces of text that search compares: Latin trigrams with word marks, CJK 1- and 2-grams."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache

# A run of Han, kana or Hangul (written without spaces between words), or a run of other letters
# and digits.
_CJK = "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3130-\u318f\u31f0-\u31ff\u3400-\u4dbf"
_CJK += "\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003fffd"
_RUNS = re.compile(f"[{_CJK}]+|[^\\W_{_CJK}]+")
_CJK_RUN = re.compile(f"[{_CJK}]")
LONGEST = 400  # characters of one text that are looked at; a longer one is cut


def fold(text: str) -> str:
    """The form that is compared: compatibility characters (full-width, ligatures) and case fold."""
    text = text[:LONGEST]
    return text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()


def words(text: str) -> list[str]:
    """The runs of letters and digits of a folded text, in order."""
    return _RUNS.findall(text)


def grams(texts: Iterable[str]) -> set[str]:
    """All grams of some texts.

    A Latin word is marked at both ends (`mug` gives ` mu`, `mug`, `ug `), so that beginnings and
    short words count; a CJK run gives its characters and its pairs, because most Chinese words are
    two characters long and one wrong character must not lose them.
    """
    return set().union(*(_of_run(run) for text in texts for run in words(fold(text))))


def marked(texts: Iterable[str]) -> str:
    """One text in which each gram of some texts, and no other gram, is found as it stands.

    To look up a dozen grams in it is quicker than to make all grams of the texts.
    """
    return f" {' '.join(run for text in texts for run in words(fold(text)))} "


@lru_cache(maxsize=4096)
def _of_run(run: str) -> frozenset[str]:
    if _CJK_RUN.match(run):
        return frozenset(run) | {run[at : at + 2] for at in range(len(run) - 1)}
    marked = f" {run} "
    return frozenset(marked[at : at + 3] for at in range(len(run)))


def rarest(counts: Mapping[str, int], budget: int) -> list[str]:
    """The rarest grams first, until their products would exceed `budget` together; at least one.

    `counts` says in how many products each gram occurs; a gram that occurs in none is left out.
    """
    chosen: list[str] = []
    spent = 0
    for gram in sorted((g for g in counts if counts[g] > 0), key=lambda g: (counts[g], g)):
        spent += counts[gram]
        if chosen and spent > budget:
            break
        chosen.append(gram)
    return chosen
