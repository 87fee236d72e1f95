"""What can break below everything else."""


class DatabaseDown(Exception):
    """The database cannot be used now (locked, full, read-only, gone); the text says why.

    Nothing of the transaction may be relied on: it was undone, or, when the connection broke
    during its commit, it may stand. What is tried again must find out by its key.
    """
