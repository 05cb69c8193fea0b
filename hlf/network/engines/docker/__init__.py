"""The real thing from the official images: one compose file rendered from the consortium."""
