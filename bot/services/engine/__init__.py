"""Parts of the machine, no use cases: bells, group commit, memory of pacing, telemetry."""
