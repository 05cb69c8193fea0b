"""Bounds that several rules of the trade share."""

from __future__ import annotations

from hlf.codec.bounds import Bounds

SENTENCE = Bounds(1, 200)
"""Characters of a purpose, a source or a title."""

LINES = Bounds(1, 100)
"""Lines of an order, and lines or identifiers of one consignment; for more, open another journey."""

PARTIES = Bounds(1, 50)
"""Parties of a journey or of a shipping unit."""

SIDES = Bounds(3, 3)
"""Length, width and height."""

SERIALS = Bounds(0, 1_000)
"""Serials of units that a request names."""

MANY = Bounds(1, 10**9)
"""Units, grams or cubic millimetres of one thing."""

NONE_OR_MANY = Bounds(0, MANY.most)
"""Units of one thing, where there may be none."""

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
