"""Selat's own network: ``consortium.yaml`` here describes it, and ``hlf.network`` runs it."""

from __future__ import annotations

from pathlib import Path

#: Selat's consortium file: eight organisations, three channels, three chaincodes.
CONSORTIUM = Path(__file__).with_name("consortium.yaml")
