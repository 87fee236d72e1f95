"""What staff want to know about: alerts with their life cycle, and the digest."""
