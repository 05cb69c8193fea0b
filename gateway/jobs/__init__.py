"""
Writes that nobody waits for: single ones (``Prefer: respond-async``) and batches, each with its outcome.

``accepting`` writes them down, ``runner`` does them in each process of the gateway, and ``addresses`` report their
outcome.
"""
