"""Load a chaincode from its module, serve peers or dial one, and load it again when its source changes."""
