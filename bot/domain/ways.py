"""The ways out and in: how each is named."""

from typing import NewType

WayName = NewType("WayName", str)  # stored with each contact, and part of its blind index

TELEGRAM = WayName("telegram")
SLACK = WayName("slack")
