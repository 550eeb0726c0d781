"""Pages and tables from a ledger."""
