"""The composition root: the only place that builds stores, clients, channels, handlers and jobs.

opening: the database and the services, for every command; platforms: Telegram and Slack, in and
out; leading: which process leads; running: the bot, from the start to the stop.
"""

from bot.app.opening import Base, now, opened
from bot.app.running import App

__all__ = ["App", "Base", "now", "opened"]
