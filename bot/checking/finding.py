"""One line of what `check` says."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """`good` False makes the command fail."""

    good: bool
    line: str
