"""What the ledger of a peer of the embedded engine costs."""
