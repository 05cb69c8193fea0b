"""Selat's own network: ``consortium.yaml`` here describes it, and ``hlf.network`` runs it."""
