"""
Fabric's messages: bytes to values and back, without input or output.

All bytes that a peer, an orderer or a client hashes or signs are computed here and nowhere else. A reader of bytes
from outside returns a value or raises ``WireError``, and nothing else.
"""
