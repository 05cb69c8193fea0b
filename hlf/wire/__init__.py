"""
Fabric's messages: bytes to values and back, without input or output.

Everything a peer, an orderer or a client hashes and signs is computed here and nowhere else. Bytes from outside give
a value or a ``WireError``, never anything else.
"""
