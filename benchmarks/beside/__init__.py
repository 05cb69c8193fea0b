"""The embedded engine beside real Fabric, where it is at hand."""
