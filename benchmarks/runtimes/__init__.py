"""One chaincode, written for three runtimes: ``get`` answers with a key's value, ``put`` writes it."""
