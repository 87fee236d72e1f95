"""Who somebody is: persons and their contacts, roles, what is kept of them, forgetting."""
