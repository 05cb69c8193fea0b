"""
Asynchronous writes: single ones (``Prefer: respond-async``) and batches, each with its outcome.

``accepting`` stores them, ``runner`` does them in each process of the gateway, and ``addresses`` report their outcome.
"""
