"""`check`: says in plain words what is wrong with the settings, and what to do about it."""
