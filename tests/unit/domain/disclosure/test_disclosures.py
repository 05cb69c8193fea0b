"""Disclosures: RFC 9901 as others have it, and one value per name whatever an owner hides behind decoys."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS
from sd_jwt.verifier import SDJWTVerifier

from chaincode.domain.disclosure import disclosures
from chaincode.domain.disclosure.disclosures import SLOTS, Disclosure, Document
from hlf.codec import canonical
from hlf.codec.refusals import Refused

NAMES = ("color", "size", "weight", "price")
VALUES = st.dictionaries(
    st.sampled_from(NAMES), st.integers(-1000, 1000) | st.text(max_size=20) | st.lists(st.booleans(), max_size=3)
)


def source(seed: int = 0):
    """Bytes that never repeat within a test."""
    counter = itertools.count()
    return lambda size: hashlib.sha512(f"{seed}/{next(counter)}".encode()).digest()[:size]


def committed(values, seed: int = 0):
    return disclosures.commit("thing", "AMSP", "c1", 1, 1_795_330_800, values, NAMES, source(seed))


def refusal(call, *args) -> str:
    with pytest.raises(Refused) as refused:
        call(*args)
    return refused.value.code


def encoded(*parts: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).rstrip(b"=").decode()


def test_the_digest_of_the_rfc():
    """RFC 9901, 4.2.3: the disclosure of a family name and its digest; its JSON has spaces, and they count."""
    given_text = "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0"
    assert disclosures.digest(given_text) == "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0"
    assert disclosures.read(given_text).value == "Möbius"


@given(VALUES, st.data())
def test_another_implementation_opens_what_is_disclosed(values, data):
    """PyPI's sd-jwt, given the document as a signed token, finds exactly the disclosed values."""
    document, opened = committed(values)
    chosen = [one for one in opened if data.draw(st.booleans())]
    key = JWK.generate(kty="oct", size=256)
    token = JWS(document.to_bytes())
    token.add_signature(key, None, json.dumps({"alg": "HS256"}))
    presentation = "~".join([token.serialize(compact=True), *(one.encoded for one in chosen), ""])
    verified = SDJWTVerifier(presentation, lambda issuer, header: key).get_verified_payload()
    public = {"claim_id": "c1", "revision": 1, "iss": "AMSP", "iat": 1_795_330_800, "vct": "thing"}
    assert verified == {**public, **{one.name: one.value for one in chosen}}
    assert disclosures.opened(document, chosen, NAMES) == {one.name: one.value for one in chosen}


@given(VALUES)
def test_document_and_disclosures_read_back(values):
    """What was committed is read from its bytes as it was."""
    document, opened = committed(values)
    assert disclosures.read_document(document.to_bytes()) == document
    assert [disclosures.read(one.encoded) for one in opened] == list(opened)


@given(VALUES)
def test_a_document_tells_nothing_of_what_is_given(values):
    """As many digests whatever is given, all different; and no salt serves twice."""
    document, opened = committed(values)
    assert len(set(document.digests)) == SLOTS
    assert len({one.salt for one in opened}) == len(opened)
    assert len(document.to_bytes()) == len(committed({})[0].to_bytes())


@given(st.sampled_from(NAMES), st.integers(), st.integers())
def test_a_second_value_behind_a_decoy_does_not_open(name, value, other):
    """An owner that hides another value of a name among the decoys cannot show it: it is not in the name's slot."""
    document, opened = committed({name: value % 2**50})
    hidden = disclosures.disclose(b"\x01" * 16, name, other % 2**50)
    digests = list(document.digests)
    for slot in range(SLOTS):
        if slot != NAMES.index(name):
            lying = [*digests[:slot], hidden.digest, *digests[slot + 1 :]]
            forged = Document("thing", "AMSP", "c1", 1, 0, tuple(lying))
            assert refusal(disclosures.opened, forged, [hidden], NAMES) == "NOT_IN_CLAIM"
            if slot > len(NAMES):
                break
    assert disclosures.opened(document, opened, NAMES) == {name: value % 2**50}


def test_what_was_not_committed_does_not_open():
    """Another value, another salt, an unknown name, a name twice."""
    document, opened = committed({"price": 4_200, "color": "red"})
    price = next(one for one in opened if one.name == "price")
    lie = disclosures.disclose(b"\x02" * 16, "price", 9_999)
    assert refusal(disclosures.opened, document, [lie], NAMES) == "NOT_IN_CLAIM"
    resalted = disclosures.disclose(b"\x02" * 16, "price", 4_200)
    assert refusal(disclosures.opened, document, [resalted], NAMES) == "NOT_IN_CLAIM"
    assert refusal(disclosures.opened, document, [price, price], NAMES) == "ATTRIBUTE_TWICE"
    stranger = disclosures.disclose(b"\x02" * 16, "owner", "me")
    assert refusal(disclosures.opened, document, [stranger], NAMES) == "UNKNOWN_ATTRIBUTE"
    renamed = Disclosure(price.encoded, price.salt, "color", price.value)
    assert refusal(disclosures.opened, document, [renamed], NAMES) == "NOT_IN_CLAIM"


def test_an_attribute_that_the_kind_lacks_is_not_committed():
    """Slots are the kind's."""
    assert refusal(committed, {"owner": 1}) == "INVALID_ARGUMENT"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "INVALID_ARGUMENT"),
        ("a b", "INVALID_ARGUMENT"),
        ("A" * 8_193, "INVALID_ARGUMENT"),
        ("A", "INVALID_ARGUMENT"),
        (encoded("a", "b"), "INVALID_ARGUMENT"),
        (encoded("s" * 22, "...", 1), "INVALID_ARGUMENT"),
        (encoded("s" * 22, "_sd", 1), "INVALID_ARGUMENT"),
        (encoded("s" * 22, 7, 1), "INVALID_ARGUMENT"),
        (encoded(7, "color", 1), "INVALID_ARGUMENT"),
        (encoded("s" * 22, "color", 1.5), "INVALID_ARGUMENT"),
        (encoded("s" * 21, "color", 1), "SALT_TOO_SHORT"),
        (encoded("", "color", 1), "SALT_TOO_SHORT"),
        (encoded("!" * 30, "color", 1), "SALT_TOO_SHORT"),
    ],
)
def test_hostile_disclosures_are_refused(text, code):
    """Typed, and without a word of their content."""
    assert refusal(disclosures.read, text) == code


def test_a_salt_of_fewer_bits_is_not_made():
    """The client's own mistake is found too."""
    assert refusal(disclosures.disclose, b"short", "color", 1) == "SALT_TOO_SHORT"


def _changed(**members: object) -> bytes:
    parts = canonical.loads(committed({"color": 1})[0].to_bytes())
    assert isinstance(parts, dict)
    return canonical.dumps({name: value for name, value in {**parts, **members}.items() if value is not None})


DIGESTS = list(committed({"color": 1})[0].digests)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        _changed(_sd=DIGESTS[:-1]),
        _changed(_sd=[*DIGESTS, "A" * 43]),
        _changed(_sd=[*DIGESTS[:-1], DIGESTS[0]]),
        _changed(_sd=[*DIGESTS[:-1], 7]),
        _changed(_sd=[*DIGESTS[:-1], "short"]),
        _changed(_sd={}),
        _changed(_sd_alg="md5"),
        _changed(_sd_alg=None),
        _changed(revision="1"),
        _changed(revision=True),
        _changed(extra=1),
        json.dumps(canonical.loads(_changed()), indent=1).encode(),
        b" " + _changed(),
    ],
)
def test_hostile_documents_are_refused(data):
    """Exactly the known members, SLOTS different digests, one canonical form: two documents never share a meaning."""
    assert refusal(disclosures.read_document, data) == "INVALID_ARGUMENT"
