"""Bounds that several rules of the trade share."""

from __future__ import annotations

from hlf.codec.bounds import Bounds

MANY = Bounds(1, 10**9)
"""Units, grams or cubic millimetres of one thing."""

ROOM = Bounds(0, 10**12)
"""Parcels or grams that a carrier or a warehouse can take."""

LOAD = Bounds(1, ROOM.most)
"""Parcels or grams that somebody sends."""

BPS = 10_000
"""Basis points in a whole."""

PPM = 1_000_000
"""Parts per million in a whole."""

BASIS_POINTS = Bounds(0, BPS)
HOURS = Bounds(0, 10_000)
"""Somewhat more than a year."""

DAYS = Bounds(0, 3_650)
"""Ten years."""

PAGE = Bounds(1, 500)
"""How many records a page of a list has."""

EVIDENCE = Bounds(0, 20)
"""Pieces of evidence that a request may have, and terms may therefore ask for."""
