"""What must arrive: what a notice says when its turn comes, and what became of it."""
