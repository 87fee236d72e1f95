"""About a lot of a SKU, wherever it lies: it is near its last day."""
