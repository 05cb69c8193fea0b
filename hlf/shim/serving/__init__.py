"""How a chaincode comes to its peers: loaded from its module, served or dialled, and loaded again when it changes."""
