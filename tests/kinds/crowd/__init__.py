"""About the whole shop: more customers wait than it can serve."""
