"""The composition root: the only place that builds stores, clients, channels, handlers and jobs.

opening: the database and the services, for every command; ways: how each way out and in is opened;
platforms: those that are set up; leading: which process leads; running: the bot, from the start to
the stop. Only the bot needs the platforms, so nothing is imported here: the other commands start in
half the time.
"""
