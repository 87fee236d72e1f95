"""Who hears of what: the routes of notices to staff, and notices of the bot's own faults."""
