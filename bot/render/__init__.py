"""Every text that people read, in a platform's own form."""
