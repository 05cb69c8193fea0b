"""Clients and chaincodes that nobody here wrote, against the engines of this machine."""
