"""Photos of a return by API: sent with the request, read by those who judge it, and by nobody else."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest

from gateway.http.context import EXTENSION
from gateway.store.photos import ReturnPhotos
from gateway.trade.returns import photos, sentphotos
from hlf import errors
from tests.unit.gateway.trade.test_return_photos import SECRET, WRONG, asked, picture, stored
from tests.unit.gateway.trade.test_tracking import MAY, REQUEST, arrived, deciding

RETURN = {"journey_id": "J1", "line": "1", "quantity": 1, "reason": "DEFECTIVE", "resolution": "refund"}
RETURN |= {"condition": "used", "tracking_token": "right"}
ADDRESSES = ("/v1/returns", "/v1/returns/drafts")


def encoded(*files: bytes) -> list[str]:
    return [base64.b64encode(each).decode() for each in files]


def written(ledgers) -> list[Any]:
    """Return the requests and drafts that went to the ledger."""
    return [call.arguments[0] for *_, call in ledgers.asked if call.function in ("Returns:request", "Returns:draft")]


def kept(app, return_id: str) -> list[str]:
    return ReturnPhotos(app.extensions[EXTENSION].store).names([return_id])[return_id]


@pytest.fixture
def send(client, bearer):
    """Return a caller that asks for a return with these files."""

    def sent(*files: bytes, address: str = ADDRESSES[0], status: int = 201, headers: Any = None, **more: Any):
        body = {**RETURN, "photos": encoded(*files), **more}
        answer = client.post(address, json=body, headers={**bearer("read", "write"), **(headers or {})})
        assert answer.status_code == status, answer.text
        return answer

    return sent


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_ledger_has_the_hash_of_what_is_kept(app, send, ledgers, address):
    """Beside other evidence; of the file only the pixels are kept, and no part of it goes to a peer."""
    other = "ab" * 32
    return_id = send(picture(), picture(shade=90), address=address, evidence=[other]).json["return_id"]
    (request,) = written(ledgers)
    assert request["evidence"] == [other, *kept(app, return_id)]
    assert "photos" not in request
    assert SECRET not in ReturnPhotos(app.extensions[EXTENSION].store).find(
        return_id, request["evidence"][1], small=False
    )


def test_one_photo_sent_twice_is_one_piece_of_evidence(send, ledgers):
    send(picture(), picture())
    assert len(written(ledgers)[0]["evidence"]) == 1


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("address", [*ADDRESSES, "/track/right/returns"])
def test_what_is_no_photo_is_refused(client, bearer, ledgers, wrong, address):
    """By its bytes; the error names the field, and nothing is written or kept."""
    arrived(ledgers)
    deciding(ledgers, json.dumps(MAY).encode())
    body = {**RETURN, "photos": encoded(picture(), WRONG[wrong])}
    if address.startswith("/track"):
        body = {name: body[name] for name in body.keys() - {"journey_id", "tracking_token"}}
    answer = client.post(address, json=body, headers={} if address.startswith("/track") else bearer("write"))
    assert (answer.status_code, answer.json["code"]) == (422, "REQUEST_INVALID"), answer.text
    assert "JPEG, PNG or WebP" in answer.json["errors"]["json"]["photos"][0]
    assert written(ledgers) == []


def test_what_is_no_base64_is_refused_without_a_word_of_it(client, bearer):
    answer = client.post("/v1/returns", json={**RETURN, "photos": ["four words of nonsense!"]}, headers=bearer("write"))
    assert answer.status_code == 422
    assert "nonsense" not in answer.text


def test_too_many_or_too_large_photos_are_refused(send, ledgers):
    """As in the form; and a body that is larger than all of them is not read."""
    send(*[picture()] * (photos.MOST + 1), status=422)
    assert "12 MB" in send(*[picture() + b"0" * ((6 << 20) + 9000)] * 2, status=422).json["detail"]
    send(b"0" * photos.MOST_ENCODED, status=413)
    assert written(ledgers) == []


def test_photos_come_with_a_return_that_the_gateway_names(app, send, ledgers):
    """Else whoever names another's return could put photos into it, or take its own away by a refused request."""
    victim = send(picture()).json["return_id"]
    refused = send(picture(shade=7), status=422, return_id=victim)
    assert list(refused.json["errors"]["json"]) == ["return_id"]
    assert len(kept(app, victim)) == 1
    ledgers.answers[REQUEST] = errors.EndorseError("refused/ALREADY_EXISTS: it is there")
    send(status=409, return_id=victim)
    assert len(kept(app, victim)) == 1


@pytest.mark.parametrize(
    ("failure", "status", "number"),
    [
        (errors.EndorseError("refused/NOT_A_PARTY: no"), 403, 0),
        (errors.EndorseError("no peer"), 502, 0),
        (errors.SubmitError("no answer"), 504, 1),
    ],
)
def test_photos_stay_while_the_ledger_may_have_their_hashes(app, send, ledgers, failure, status, number):
    """If it surely has not, they are deleted."""
    ledgers.answers["Returns:request"] = failure
    send(picture(), status=status)
    assert len(kept(app, written(ledgers)[-1]["return_id"])) == number


def test_a_repeated_request_is_carried_on_with_the_same_photos(app, send, ledgers):
    """Under one key: what broke off after its photos were kept names the same return, and keeps them once."""
    key = {"Idempotency-Key": "k1"}
    ledgers.answers["Returns:request"] = errors.SubmitError("no answer")
    send(picture(), status=504, headers=key)
    ledgers.answers["Returns:request"] = b"{}"
    return_id = send(picture(), headers=key).json["return_id"]
    assert return_id == written(ledgers)[0]["return_id"]
    assert len(kept(app, return_id)) == 1


def test_a_job_keeps_no_photos_for_later(send, ledgers):
    """Thousands of jobs may wait; one whose body is no larger than any other is taken."""
    refused = send(b"0" * 5000, status=413, headers={"Prefer": "respond-async"})
    assert refused.json["code"] == "BODY_TOO_LARGE"
    send(picture(size=(8, 8)), status=202, headers={"Prefer": "respond-async"})
    assert written(ledgers) == []


def test_one_organisation_lets_only_some_photos_be_decoded_at_once(send, monkeypatch, ledgers):
    """Decoding holds a thread for a second, and others want to write too."""
    within = []

    def read_all(sent):
        if len(within) < sentphotos._OF_ONE:
            within.append(sent)
            send(picture(), status=201 if len(within) < sentphotos._OF_ONE else 503)
        return []

    monkeypatch.setattr(photos, "read_all", read_all)
    send(picture())
    assert len(within) == sentphotos._OF_ONE
    send(picture())


PHOTOS = "/v1/returns/{return_id}/photos"


@pytest.fixture
def sent(send, ledgers) -> dict[str, Any]:
    """Return a return with one photo."""
    send(picture(size=(400, 300)))
    return asked(ledgers)


@pytest.mark.parametrize(
    ("role", "states", "status"),
    [
        ("seller", ["REFERRED"], 200),
        ("agent", ["REFERRED"], 200),
        ("arbiter", ["REFERRED"], 404),
        ("arbiter", ["REFERRED", "DISPUTED", "ARBITRATED"], 200),
        ("carrier", ["DISPUTED"], 404),
        ("nobody", ["DISPUTED"], 404),
    ],
)
def test_only_who_judges_the_return_sees_it(client, bearer, ledgers, sent, role, states, status):
    """As on the page: in the list, whole and small."""
    stored(ledgers, sent, *states)
    record = json.loads(ledgers.answers["Returns:read"])
    record["stored"]["roles"] = dict.fromkeys(("seller", "agent", "arbiter", "carrier"), "OtherMSP") | {
        role: "ForwarderMSP"
    }
    ledgers.answers["Returns:read"] = json.dumps(record).encode()
    address, headers = PHOTOS.format(**sent), bearer("read", msp_id="ForwarderMSP")
    listed = client.get(address, headers=headers)
    whole, small = (
        client.get(f"{address}/{sent['evidence'][0]}{size}", headers=headers) for size in ("", "?size=small")
    )
    assert [each.status_code for each in (listed, whole, small)] == [status] * 3
    if status == 200:
        assert listed.json == {"photos": sent["evidence"]}
        assert (whole.mimetype, hashlib.sha256(whole.data).hexdigest()) == ("image/jpeg", sent["evidence"][0])
        assert (small.data[:2], len(small.data) < len(whole.data)) == (b"\xff\xd8", True)


def test_a_photo_that_the_ledger_does_not_name_is_none_of_the_return(client, bearer, ledgers, sent, app):
    """Whoever reaches the gateway's database puts no photo before a judge; nor does the page show it."""
    store = ReturnPhotos(app.extensions[EXTENSION].store)
    forged = photos.read(picture(shade=3))
    store.keep(sent["return_id"], [forged], 1)
    stored(ledgers, sent, "REFERRED")
    address, headers = PHOTOS.format(**sent), bearer("read", msp_id="ForwarderMSP")
    assert client.get(address, headers=headers).json == {"photos": []}
    assert client.get(f"{address}/{forged.digest}", headers=headers).status_code == 404


def test_a_size_that_there_is_not_is_refused(client, bearer, ledgers, sent):
    stored(ledgers, sent, "REFERRED")
    address = f"{PHOTOS.format(**sent)}/{sent['evidence'][0]}?size=huge"
    assert client.get(address, headers=bearer("read", msp_id="ForwarderMSP")).status_code == 422


def test_a_shopper_sends_photos_with_the_link_alone(client, app, ledgers):
    """By a program of the shop: the link's own page shows them."""
    arrived(ledgers)
    deciding(ledgers, json.dumps(MAY).encode())
    body = {name: RETURN[name] for name in RETURN.keys() - {"journey_id", "tracking_token"}}
    answer = client.post("/track/right/returns", json={**body, "photos": encoded(picture())})
    assert answer.status_code == 201, answer.text
    found = asked(ledgers)
    assert client.get(f"/track/right/returns/{found['return_id']}/photos/{found['evidence'][0]}").status_code == 200
