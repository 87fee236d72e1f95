"""The time is given to whoever needs it; bot.app has the one clock of the running bot."""

from collections.abc import Callable
from datetime import datetime

Clock = Callable[[], datetime]  # an aware datetime in UTC
