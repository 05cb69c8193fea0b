"""
The part that the synchronous and the asyncio client share: make and read messages; nothing is sent.

``call`` is one question to a gateway service as a value; ``proposal``, ``transaction`` and ``commit`` are the three
steps of a transaction. ``events`` has the requests and answers of streams, ``reconnecting`` the rules for broken
streams, ``checkpoints`` the position of a consumer, and ``failures`` this library's errors for those of gRPC.
"""
