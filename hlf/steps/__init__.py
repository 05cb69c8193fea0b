"""
What the synchronous and the asyncio client share: messages made and read, outcomes judged, nothing sent.

``call`` is one question to a gateway service as a value; ``proposal``, ``transaction`` and ``commit`` are the three
steps of a transaction, ``events`` what streams ask for and deliver, ``healing`` when a broken stream asks again,
``checkpoints`` how far a consumer has come, ``failures`` gRPC's errors in this library's words.
"""
