"""The figures of an organisation: who sees them, and how a forecast turns out."""
