"""`check`: what is said of the settings and the database, and of each way that is set up."""
