"""
The client: synchronous, thread-safe, through one peer's gateway service.

``gateway`` is the door. Behind it one noun a module: ``network`` (a channel), ``contract``, the three steps of a
transaction (``proposal``, ``transaction``, ``commit``) and ``events``. What these say and read stands in ``hlf.steps``;
here it is sent.
"""
