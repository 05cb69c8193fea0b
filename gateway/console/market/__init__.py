"""Pages about the market: plans of carriage, lanes, and where capacity will be short."""
