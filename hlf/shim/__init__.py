"""
A Python chaincode runtime for Hyperledger Fabric.

:mod:`hlf.shim.api` is what a contract's author writes with,
:mod:`hlf.shim.testing` what they test with, and
:mod:`hlf.shim.server` what serves the chaincode to peers.
"""
