"""
A Python chaincode runtime for Hyperledger Fabric.

Write contracts with :mod:`hlf.shim.api`, test them with
:mod:`hlf.shim.testing`, and serve them to peers with
:mod:`hlf.shim.server`.
"""
