"""The lines of those who wait: restocks that tell them in order, messages that stay true."""
