"""What runs at the peer: the rules of the trade, the contracts that apply them, and the runtime that serves them."""
