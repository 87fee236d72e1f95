"""Stock and products: the ledger, bulk changes, search and export."""
