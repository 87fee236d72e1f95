"""What staff do: look up, write, undo; who may is asked each time."""
