"""What arrived: kept before it is acknowledged, handed out in order per sender."""
