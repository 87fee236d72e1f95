"""One file for each kind of rule: how its alerts read, on every platform; see Face."""
