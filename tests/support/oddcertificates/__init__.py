"""
Several hundred certificates that are odd, bent or broken, the same ones each time.

Members' certificates in every form of PEM and with every part exchanged, signed again by their authority so that
nothing but that part decides; random changes of the body (signed again), of the whole and of the text; and
organisations whose authorities or revocation lists are bent. ``tests/golden/bent-certificates.json`` holds what Fabric
makes of each.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass

from tests.hostile import dermutations, mutations
from tests.support import derparts
from tests.support.derparts import extension, pem, tlv
from tests.support.oddcertificates import alternatives, extensions, oddmembers, parts, subjects, texts, unsignedparts
from tests.support.oddcertificates.organisations import DNS_A, SERVER_AUTH, Issuer, alternative, issuer, key, member

BODIES, WHOLES, TEXTS = 260, 120, 80
"""How many changes at random there are of what is signed, of all of it, and of the PEM."""


@dataclass(frozen=True)
class Case:
    """A certificate that somebody shows to an organisation (of those in ``organisations``)."""

    name: str
    organisation: str
    text: bytes

    @property
    def digest(self) -> str:
        """Says whether these are the bytes that Fabric was asked about."""
        return hashlib.sha256(self.text).hexdigest()[:16]


def cases() -> list[Case]:
    """Return all certificates, by their names."""
    found = [
        *members(issuer()),
        *(Case(f"whole: {words}", "plain", pem(der)) for words, der in unsignedparts.changes()),
        *(Case(f"{place}: {words}", place, text) for place, words, text in oddmembers.members()),
        *_at_random(issuer()),
    ]
    assert len({case.name for case in found}) == len(found)
    return found


def members(by: Issuer) -> Iterator[Case]:
    """Members of any organisation with one thing odd about them."""
    yield Case("a usual member", "plain", by.issue(member()))
    for words, text in texts.texts(by):
        yield Case(f"text: {words}", "plain", text)
    for drafted in (
        parts.numbers(),
        parts.times(),
        subjects.names(),
        subjects.keys(),
        alternatives.alternatives(),
        extensions.extensions(),
    ):
        for words, draft in drafted:
            yield Case(words, "plain", by.issue(draft))


def _at_random(by: Issuer) -> Iterator[Case]:
    purpose = extension("2.5.29.37", tlv(0x30, derparts.oid(SERVER_AUTH)))
    draft = by.fit(member().with_extensions(alternative(DNS_A, tlv(0x86, b"http://a.test/x")), purpose))
    whole = draft.signed(by.key)
    for number in range(BODIES):
        bent = dermutations.bend_der(_choices(f"body {number}"), draft.body)
        yield Case(f"random body {number}: {bent.words}", "plain", pem(derparts.sign(bent.content, by.key)))
    for number in range(WHOLES):
        bent = dermutations.bend_der(_choices(f"whole {number}"), whole)
        yield Case(f"random whole {number}: {bent.words}", "plain", pem(bent.content))
    for number in range(TEXTS):
        bent = mutations.bend(_choices(f"text {number}"), pem(whole))
        yield Case(f"random text {number}: {bent.words}", "plain", bent.content)


def _choices(text: str) -> random.Random:
    """Return the same choices for every seed of the hostile tests: the answers of Fabric to these are recorded."""
    return random.Random(text)  # noqa: S311


def asked() -> tuple[bytes, bytes]:
    """Who is shown to the organisations of ``authorities``: a member of the root, and one of the authority below."""
    return issuer().issue(member()), pem(member(by="inner").signed(key(2)))
