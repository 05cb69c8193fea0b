"""
Hyperledger Fabric for Python.

Start at ``hlf.client.gateway.connect`` to call contracts and follow events, at ``hlf.admin`` to run a network, at
``hlf.wire`` for the messages themselves, and at ``hlf.errors`` for what can go wrong.
"""
