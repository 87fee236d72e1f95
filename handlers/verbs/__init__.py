"""What staff may type after `/stock`, a verb a file, and what they press; no platform is known."""
