"""
The client: synchronous, thread-safe, through one peer's gateway service.

Begin with ``gateway``. The other modules are ``network`` (a channel), ``contract``, the three steps of a transaction
(``proposal``, ``transaction``, ``commit``) and ``events``. ``hlf.steps`` makes and reads the messages; this package
sends them.
"""
