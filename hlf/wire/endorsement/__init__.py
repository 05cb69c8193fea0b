"""Whose endorsements writes need, and who can give them."""
