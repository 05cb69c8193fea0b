"""Certificates of a running network: renewed, revoked, and with a new root."""
