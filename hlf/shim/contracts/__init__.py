"""How a contract class becomes functions that can be called with bytes: its marks, and the reading of them."""
