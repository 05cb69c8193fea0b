"""
The client: synchronous, thread-safe, through one peer's gateway service.

Begin with ``gateway``. Each other module has one noun: ``network`` (a channel), ``contract``, the three steps of a
transaction (``proposal``, ``transaction``, ``commit``) and ``events``. ``hlf.steps`` builds and reads the messages;
this package sends them.
"""
