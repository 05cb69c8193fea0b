"""Pages for people; ``views`` has them."""
