"""The bot itself: is every platform reached, does what waits go out; what the clock does."""
