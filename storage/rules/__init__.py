"""One file for each kind of rule: how it finds, in the database, what it is to judge."""
