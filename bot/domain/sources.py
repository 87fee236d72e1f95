"""Where a write came in: it says who reported a move, not how its member can be reached."""

from typing import NewType

Source = NewType("Source", str)  # stored with what was written; a feed is one by its name

LONGEST = 64  # characters of a source, as the tables have it
TELEGRAM = Source("telegram")
SLACK = Source("slack")
CLI = Source("cli")
