"""Selat's own networks: the files here describe them, and ``hlf.network`` runs them."""

from __future__ import annotations

from pathlib import Path

#: Selat's consortium file: eight organisations, three channels, three chaincodes.
CONSORTIUM = Path(__file__).with_name("consortium.yaml")

#: A larger one for the demo's stories of a marketplace: thirteen organisations, two of which sell.
MARKETPLACE = Path(__file__).with_name("marketplace.yaml")
