"""
The bounds of request fields that only the gateway checks, and validators made from bounds.

Bounds of fields that contracts check stand in ``chaincode.domain.vocabulary.bounds``.
"""

from __future__ import annotations

from marshmallow import validate

from chaincode.domain.vocabulary import bounds
from hlf.codec import canonical
from hlf.codec.bounds import Bounds

BLOCK = Bounds(0, canonical.LARGEST_INTEGER)
"""The number of a block."""

NUMBER = Bounds(1, canonical.LARGEST_INTEGER)
"""The number of an attempt to deliver, or of a look at the audit."""

COUNT = Bounds(-canonical.LARGEST_INTEGER, canonical.LARGEST_INTEGER)
"""A quantity in a query of EPCIS."""

PAGE = bounds.PAGE
"""Records of one page, whoever keeps them: a contract, the read model or the gateway's database."""

ACCESSES = Bounds(1, 1_000)
"""Looks at the audit on one page."""

BATCH = Bounds(1, 500)
"""Requests of a batch, and events of an EPCIS document."""

VALUES = Bounds(1, 100)
"""Values of which an event must have one, the scopes of a token, and records that a search finds."""

EVENT_NAMES = Bounds(1, 32)
"""Names of the events that a webhook sends."""

EVENTS = Bounds(1, 10_000)
"""Events after which a stream ends."""

TEXT = Bounds(1, 200)
"""A short text: a number on a label, a name, a part of a schedule."""

OPTIONAL_TEXT = Bounds(0, TEXT.most)
SEARCHED = Bounds(3, TEXT.most)
"""The beginning of a number or name."""

TITLE = Bounds(0, 60)
"""What a button shows, as the name of an issuer."""

CHANNEL = Bounds(0, 249)
"""The name of a channel, or none."""

NAME = Bounds(1, 256)
"""The name of a contract's function, or of one of its arguments."""

STATE = Bounds(0, 100)
"""The state of a record."""

CODE = Bounds(1, 40)
"""The code of another system for what happened."""

MOMENT = Bounds(0, 40)
"""A moment as text."""

ADDRESS = Bounds(1, 500)
"""The path of a request in a batch."""

URL = Bounds(0, 2_000)
CURSOR = Bounds(0, 2_000)
"""The position in a list of the read model."""

BOOKMARK = Bounds(0, 400)
"""The position in a contract's list."""

MEMBERS = Bounds(0, 1_000)
"""The names of a document's members, separated by commas."""

ALTERNATIVES = Bounds(1, 4_000)
"""Several values in one text."""

WAIT_SECONDS = Bounds(1, 60)
"""How long a request waits for a commit."""

IDLE_SECONDS = Bounds(1, 300)
"""How long a stream stays open without an event."""

LEEWAY_SECONDS = Bounds(0, 300)
"""How far the clocks of an issuer and of the gateway may differ."""

OVERLAP_SECONDS = Bounds(0, 7 * 24 * 3600)
"""How long an old token stays valid beside the new one."""

TOKEN_DAYS = Bounds(1, 366)
"""How long a token is valid."""

SOLVER_SECONDS = Bounds(1, 60)
"""How long a solver may look for a better plan."""

PHOTOS = Bounds(0, 4)
"""Photographs that come with a request for a return."""

BASKET = Bounds(1, 20)
"""Orders that a shopper places at once."""


def within(bounds: Bounds) -> validate.Range:
    """Return a validator for a number within *bounds*."""
    return validate.Range(bounds.least, bounds.most)


def counted(bounds: Bounds) -> validate.Length:
    """Return a validator for a text or a list with a length within *bounds*."""
    return validate.Length(bounds.least, bounds.most)


def up_to(bounds: Bounds) -> validate.Length:
    """Return a validator for a list that may be left empty, with at most as many items as *bounds* allows."""
    return validate.Length(0, bounds.most)


def not_empty() -> validate.Length:
    """Return a validator for a text or a list that has something in it."""
    return validate.Length(1)
