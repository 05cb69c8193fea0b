"""The endorsements that writes need, and who can give them."""
