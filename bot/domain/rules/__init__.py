"""One file for each kind of rule: its terms, what it judges, and why. Pure."""
