"""The system chaincode ``_lifecycle`` of a peer."""
