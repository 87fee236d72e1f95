"""What customers do: subscribe, look, list, stop, ask why."""
