"""
Bent certificates are to us what they are to Fabric: readable or not, a stranger's, no member's, a member's.

What the package ``msp`` of Fabric 3.1.5 makes of each is recorded in ``tests/golden/bent-certificates.json``.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path

import pytest

from hlf import errors
from hlf.wire import certificates, msp
from hlf.wire.certificates.names import ORGANIZATIONAL_UNIT
from tests.support import oddcertificates
from tests.support.oddcertificates import authorities, organisations

RECORDED = json.loads((Path(__file__).parents[3] / "golden" / "bent-certificates.json").read_text())
ROLES = {"M": msp.MEMBER, "C": msp.CLIENT, "P": msp.PEER}


@cache
def organisation(name: str) -> msp.Msp:
    return msp.Msp.from_config(organisations.organisations()[name], ed25519_allowed=name == "Ed25519")


def judged(text: bytes, by: msp.Msp) -> tuple[str, msp.Identity | None]:
    """How far a certificate gets."""
    try:
        certificates.read(text)
    except errors.IdentityError:
        with pytest.raises(errors.IdentityError):
            by.identity(text)
        return "unreadable", None
    try:
        identity = by.identity(text)
    except errors.IdentityError:
        return "stranger", None
    return ("member" if identity.valid else "no member"), identity


def found(case: oddcertificates.Case) -> list:
    """Return what is recorded of a certificate, worked out here."""
    verdict, identity = judged(case.text, organisation(case.organisation))
    answer: list = [case.digest, verdict]
    if verdict != "unreadable":
        read = certificates.read(case.text)
        answer += [read.begins, read.ends, list(read.subject.values(ORGANIZATIONAL_UNIT))]
    if identity is not None:
        roles = [name for name, role in ROLES.items() if identity.satisfies(msp.Principal.of_role("AMSP", role))]
        answer += [identity.id[:16], "".join(roles)]
    return answer


def test_every_certificate_is_what_it_is_to_fabric():
    """Verdict, times, units, the id under which a policy counts it, and roles."""
    assert {case.name: found(case) for case in oddcertificates.cases()} == RECORDED["members"]


def test_most_kinds_of_oddness_have_certificates_on_both_sides():
    """What is refused and what is taken are both held: a reader that refused everything would pass for careful."""
    verdicts = [answer[1] for answer in RECORDED["members"].values()]
    assert min(verdicts.count(each) for each in ("unreadable", "stranger", "no member", "member")) > 20
    assert verdicts.count("member") > 300


def test_every_organisation_is_what_it_is_to_fabric():
    """Authorities, administrators and lists: taken or refused, and who is a member then."""
    answers = {}
    for words, config in authorities.authorities():
        digest = hashlib.sha256(config).hexdigest()[:16]
        try:
            made = msp.Msp.from_config(config, ed25519_allowed=True)
        except errors.WireError:
            answers[words] = [digest, "setup", "setup"]
            continue
        answers[words] = [digest, *(judged(text, made)[0] for text in oddcertificates.asked())]
    assert answers == RECORDED["organisations"]
