"""
A Python chaincode runtime for Hyperledger Fabric.

:mod:`chaincode.shim.api` is what a contract's author writes with,
:mod:`chaincode.shim.testing` what they test with, and
:mod:`chaincode.shim.server` what serves the chaincode to peers.
"""
