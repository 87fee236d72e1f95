"""The names of ways out and in."""

from typing import NewType

WayName = NewType("WayName", str)  # stored with each contact, and part of its blind index

TELEGRAM = WayName("telegram")
SLACK = WayName("slack")
