"""Real peers and orderers in the official images: one compose file made from the consortium."""
