"""What gets into blocks: identifiers and hashes nobody can guess; and the same bytes at every endorser."""

from __future__ import annotations

import base64
import json
import re

import pytest

from hlf.shim import testing
from tests.unit.contracts import secrets_scenario, shipping

_SALT = re.compile(rb'"salt":"[A-Za-z0-9_-]{22,}"')


class RecordedRun:
    """Every submitted transaction of a run: what stands in its block, and what stays private."""

    def __init__(self, monkeypatch, play) -> None:
        self.public: list[bytes] = []
        self.private: list[tuple[str, str, bytes]] = []
        invoke = testing.Ledger.invoke

        def recording(ledger, function, *args, **named):
            result = invoke(ledger, function, *args, **named)
            arguments = [arg if isinstance(arg, bytes) else str(arg).encode() for arg in args]
            event = [result.event.name.encode(), result.event.payload] if result.event else []
            self.public += [function.encode(), *arguments, result.payload, result.rwset, *event]
            for (collection, key), value in result.private_writes.items():
                self.private.append((collection, key, value))
            return result

        monkeypatch.setattr(testing.Ledger, "invoke", recording)
        # What founds a channel is recorded too, whichever tests ran before.
        monkeypatch.setattr(shipping, "_FOUNDED", {})
        play()


@pytest.fixture(params=["trading", "selling"])
def recorded(request, monkeypatch):
    """Return a run on one channel."""
    return RecordedRun(monkeypatch, getattr(secrets_scenario, request.param))


def test_no_private_value_gets_into_a_block(recorded):
    """Neither as argument nor answer nor event nor key; but it did get to those it was for."""
    kept = b"".join(value for _, _, value in recorded.private)
    found = [secret for secret in secrets_scenario.secrets() if secret in kept or _encoded(secret, kept)]
    assert len(found) >= 3
    salts = {salt for _, _, value in recorded.private for salt in re.findall(rb'"salt":"([^"]+)"', value)}
    disclosed = {text for _, _, value in recorded.private for text in re.findall(rb'"([A-Za-z0-9_-]{44,})"', value)}
    assert salts
    for public in recorded.public:
        for secret in {*secrets_scenario.secrets(), *salts, *filter(_is_disclosure, disclosed)}:
            assert secret not in public


def test_no_private_value_can_be_guessed_from_its_hash(recorded):
    """Every private record has a salt, or is a document of salted digests, or says only what is public anyway."""
    for _, key, value in recorded.private:
        if not value:
            continue  # A purge.
        kind = key.split("\x00")[1] if key.startswith("\x00") else key
        if kind == "claim.disclosures":
            assert all(len(disclosure) > 40 for disclosure in json.loads(value))
        elif kind == "claim.document":
            assert len(json.loads(value)["_sd"]) == 64
        elif kind == "claim.pin":
            assert set(json.loads(value)) == {"document_hash"}  # On the channel already, as the document's own hash.
        elif kind in ("claim.subject", "claim.subject.shown"):
            assert all(len(cell) == 32 for cell in json.loads(value)["cells"])  # Digests under the owner's secret.
        elif kind == "claim.subject.secret":
            assert len(value) >= 22
        elif kind == "claim.subject.cell":
            assert set(json.loads(value)) == {"claim_id"}  # Under a key that nobody can guess.
        elif kind == "claim.subject.pin":
            assert set(json.loads(value)) == {"secret_hash"}  # On the channel already, as the secret's own hash.
        elif kind == "received":
            assert len(json.loads(json.loads(value)["document"])["_sd"]) == 64
        elif kind == "grant.ended":
            assert set(json.loads(value)) == {"period"}  # The block of the revocation has its time.
        elif kind == "order.terms":
            assert set(json.loads(value)) == {"terms_id", "version", "digest"}  # Public once the order opens.
        elif kind == "order.facts":
            assert len(json.loads(value)["nonce"]) >= 22  # Public once a journey opens, and with it the nonce.
        else:
            assert _SALT.search(value), kind


def test_keys_of_private_data_say_nothing(recorded):
    """Their hashes are on the channel: a key names ids that clients choose, an owner, a revision, no content."""
    for _, key, _ in recorded.private:
        for secret in secrets_scenario.secrets():
            assert secret not in key.encode()
        assert "VN-" not in key


@pytest.mark.parametrize("play", ["trading", "selling"])
def test_two_hash_seeds_give_the_same_bytes(play):
    """Read-write sets, answers and events do not depend on how an interpreter orders its sets."""
    first, second = testing.transcripts(f"tests.unit.contracts.secrets_scenario:{play}")
    assert first == second


def _is_disclosure(text: bytes) -> bool:
    return text.startswith(b"WyJ")  # base64url of ``["``


def _encoded(secret: bytes, kept: bytes) -> bool:
    """Whether *secret* is inside a disclosure, which is base64url."""
    for text in re.findall(rb'"([A-Za-z0-9_-]{40,})"', kept):
        if secret in base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4)):
            return True
    return False
