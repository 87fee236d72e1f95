"""How long the drivers wait."""

# Seconds until a wait is in vain. It ends with what it waits for: this is only how long a failure
# takes, so it has room for a machine that is slow and busy.
PATIENCE = 30.0
