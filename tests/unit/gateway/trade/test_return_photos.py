"""Photos of a return: what is kept of a file, where its hash goes, who sees it, and when it is gone."""

from __future__ import annotations

import hashlib
import io
import json
import struct
import zlib
from typing import Any

import pytest
from PIL import Image
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from gateway.http.context import EXTENSION
from gateway.pages import forms
from gateway.store import returnlimits
from gateway.store.photos import ReturnPhotos
from gateway.trade.returns import photos
from hlf import errors
from tests.unit.gateway.conftest import form_token
from tests.unit.gateway.trade.test_tracking import MAY, REQUEST, arrived, deciding

MAY_BACK = json.dumps(MAY).encode()
SECRET = b"Number 4711 of a telephone"
ORIENTATION, MAKER, GPS = 0x0112, 0x010F, 0x8825


def picture(kind: str = "JPEG", size: tuple[int, int] = (80, 40), shade: int = 200, orientation: int = 1) -> bytes:
    """Return a file as a telephone makes it: with its maker, and where it was taken."""
    noted = Image.Exif()
    noted[ORIENTATION], noted[MAKER] = orientation, SECRET.decode()
    noted.get_ifd(GPS)[1] = "N"
    made = io.BytesIO()
    Image.new("RGB", size, (shade, 20, 20)).save(made, kind, exif=noted)
    return made.getvalue()


def bomb(width: int, height: int) -> bytes:
    """Return a PNG of some bytes that says it has so many pixels."""

    def chunk(name: bytes, content: bytes) -> bytes:
        checked = name + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + rows + chunk(b"IEND", b"")


def send(client, *files: bytes):
    """Send the form of a return with these files, whatever they are called."""
    client.get("/track/right/return?line=1")
    sent: dict[str, Any] = {"line": "1", "quantity": "1", "reason": "DEFECTIVE", "resolution": "refund"}
    data = {**sent, "condition": "used", forms.FIELD: form_token(client)}
    data["photo"] = [FileStorage(io.BytesIO(each), "../../me.jpg") for each in files or [b""]]
    boundary, body = encode_multipart(data)
    kind = f"multipart/form-data; boundary={boundary}"
    return client.post("/track/right/return?line=1", data=body, content_type=kind)


def asked(ledgers) -> dict[str, Any]:
    """Return the request that went to the ledger."""
    (found,) = [call.arguments[0] for *_, call in ledgers.asked if call.function == REQUEST]
    return found


@pytest.fixture
def sent(client, ledgers) -> dict[str, Any]:
    """Return a return with one photo that a link's holder sent; the link shows it."""
    arrived(ledgers)
    deciding(ledgers, MAY_BACK)
    assert send(client, picture()).status_code == 303
    found = asked(ledgers)
    journey = {"order_id": "O1", "lines": [], "origin": "CNSZX", "destination": "VNHAN"}
    ledgers.answers["Journeys:read"] = json.dumps({"journey": journey}).encode()
    return found


def stored(ledgers, asked: dict[str, Any], *states: str) -> None:
    """Let the ledger have the return in these states, with a party for each role."""
    record = {
        "request": asked | {"quantity": 1},
        "roles": {"seller": "ForwarderMSP", "agent": "MerchantMSP", "arbiter": "CustomsMSP", "carrier": "PlatformMSP"},
        "acts": [{"state": each, "at": "2026-12-01T02:00:00Z", "by": "", "notes": {}} for each in states],
        "due": None,
        "decision": None,
    }
    ledgers.answers["Returns:read"] = json.dumps({"state": states[-1], "stored": record}).encode()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_nothing_but_the_pixels_is_kept(kind):
    """Neither who made it nor where; and its hash is that of what is kept."""
    made = picture(kind)
    assert SECRET in made
    kept = photos.read(made)
    for content in (kept.content, kept.small):
        with Image.open(io.BytesIO(content)) as found:
            assert (found.format, len(found.getexif())) == ("JPEG", 0)
        assert SECRET not in content
    assert kept.digest == hashlib.sha256(kept.content).hexdigest()


def test_a_photo_stands_as_it_was_held():
    """The note of this is not kept, so the pixels are turned."""
    with Image.open(io.BytesIO(photos.read(picture(orientation=6)).content)) as found:
        assert found.size == (40, 80)


def test_a_large_photo_becomes_smaller():
    with Image.open(io.BytesIO(photos.read(picture(size=(5000, 2500))).content)) as found:
        assert found.size == (1600, 800)


def test_what_stands_behind_the_picture_is_not_kept():
    """A file may be a picture for one program and a page or an archive for another."""
    page = b"<script>alert(1)</script>PK\x03\x04"
    kept = photos.read(picture() + page)
    assert page not in kept.content


WRONG = {
    "a page": b"<!doctype html><script>alert(1)</script>",
    "a drawing that runs": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "another kind": picture("JPEG").replace(b"\xff\xd8", b"GIF89a", 1),
    "a document": b"%PDF-1.7\n",
    "a bomb": bomb(60_000, 60_000),
    "one that is just too large": bomb(8_000, 6_000),
    "less than it says": bomb(3_000, 3_000),
    "half of one": picture("PNG", (400, 400))[:300],
    "no pixels": bomb(0, 9),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_no_photo_is_told_in_the_form(client, ledgers, wrong):
    """By its bytes, whatever its name says; nothing is asked or kept."""
    arrived(ledgers)
    deciding(ledgers, MAY_BACK)
    answer = send(client, picture(), WRONG[wrong])
    assert (answer.status_code, "Please choose up to 4 photos" in answer.get_data(as_text=True)) == (200, True)
    assert REQUEST not in [call.function for *_, call in ledgers.asked]


@pytest.mark.parametrize("files", [[picture()] * 5, [picture() + b"0" * (7 << 20)] * 2])
def test_too_many_or_too_large_photos_are_told_in_the_form(client, ledgers, files):
    """It says how many and how large they may be."""
    arrived(ledgers)
    deciding(ledgers, MAY_BACK)
    assert "12 MB" in send(client, *files).get_data(as_text=True)
    assert REQUEST not in [call.function for *_, call in ledgers.asked]


def test_wrong_files_are_not_counted_as_requests(client, ledgers):
    """Who chooses a wrong file again and again still gets an answer to the right one."""
    arrived(ledgers)
    deciding(ledgers, MAY_BACK)
    for _ in range(returnlimits.OF_ONE_LINK + 1):
        assert send(client, b"%PDF-1.7\n").status_code == 200
    assert send(client, picture()).status_code == 303


def test_a_wrong_link_lets_nobody_work_on_photos(client, ledgers, monkeypatch):
    """Decoding is the dearest part, so whoever has no link does not get there."""
    monkeypatch.setattr(photos, "read", lambda _: pytest.fail("it was decoded"))
    arrived(ledgers)
    client.get("/track/right/return?line=1")
    ledgers.answers["Journeys:linked"] = errors.EvaluateError("refused/LINK_UNKNOWN: no")
    assert send(client, picture()).status_code == 404


def test_the_ledger_has_the_hash_of_what_the_shopper_sees(client, sent):
    """And the small picture is of the same return."""
    (digest,) = sent["evidence"]
    answer = client.get(f"/track/right/returns/{sent['return_id']}/photos/{digest}")
    assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
    assert hashlib.sha256(answer.data).hexdigest() == digest
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    small = client.get(f"/track/right/returns/{sent['return_id']}/photos/{digest}?size=small")
    assert small.data.startswith(b"\xff\xd8")


def test_a_photo_asks_only_for_the_returns_of_its_link(client, ledgers, sent):
    """A page with ten photos would otherwise ask ten times for all that it shows."""
    ledgers.asked.clear()
    client.get(f"/track/right/returns/{sent['return_id']}/photos/{sent['evidence'][0]}")
    assert [call.function for *_, call in ledgers.asked] == ["Returns:track"]


def test_one_photo_sent_twice_is_one_piece_of_evidence(client, ledgers):
    arrived(ledgers)
    deciding(ledgers, MAY_BACK)
    send(client, picture(), picture(), picture(shade=90))
    assert len(asked(ledgers)["evidence"]) == 2


def test_another_link_does_not_show_it(client, ledgers, sent):
    """As little as any wrong link."""
    ledgers.before_answer = lambda _: None
    ledgers.answers["Returns:track"] = b"[]"
    answer = client.get(f"/track/right/returns/{sent['return_id']}/photos/{sent['evidence'][0]}")
    assert answer.status_code == 404
    assert "This link leads nowhere" in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("role", "states", "status"),
    [
        ("seller", ["REFERRED"], 200),
        ("agent", ["REFERRED"], 200),
        ("arbiter", ["REFERRED"], 404),
        ("arbiter", ["REFERRED", "DISPUTED"], 200),
        ("arbiter", ["REFERRED", "DISPUTED", "ARBITRATED"], 200),
        ("carrier", ["DISPUTED"], 404),
        ("nobody", ["DISPUTED"], 404),
    ],
)
def test_only_who_judges_the_return_sees_it(client, ledgers, log_in, services, sent, role, states, status):
    """On the page and by its address."""
    stored(ledgers, sent, *states)
    record = json.loads(ledgers.answers["Returns:read"])
    record["stored"]["roles"] |= {"carrier": "OtherMSP", role: "ForwarderMSP"}
    if role != "seller":
        record["stored"]["roles"]["seller"] = "OtherMSP"
    ledgers.answers["Returns:read"] = json.dumps(record).encode()
    log_in(services.tokens.create("ForwarderMSP", "User1", ["read"], 60))
    address = f"/console/returns/{sent['return_id']}/photos/{sent['evidence'][0]}"
    assert client.get(address).status_code == status
    page = client.get(f"/console/returns/{sent['return_id']}").get_data(as_text=True)
    assert (f'src="{address}?size=small"' in page) == (status == 200)


def test_a_judge_of_one_return_does_not_see_the_photos_of_another(client, ledgers, log_in, services, sent):
    """The address names both."""
    stored(ledgers, {**sent, "evidence": []}, "REFERRED")
    log_in(services.tokens.create("ForwarderMSP", "User1", ["read"], 60))
    address = f"/console/returns/{sent['return_id']}/photos/{sent['evidence'][0]}"
    assert client.get(address).status_code == 404


@pytest.mark.parametrize(
    ("failure", "kept"),
    [
        (errors.EndorseError("refused/RETURN_EXISTS: no"), 0),
        (errors.EndorseError("no peer"), 0),
        (errors.SubmitError("no answer"), 1),
    ],
)
def test_photos_stay_while_the_ledger_may_have_their_hashes(app, client, ledgers, failure, kept):
    """If it surely has not, they are deleted."""
    arrived(ledgers)
    deciding(ledgers, MAY_BACK)
    ledgers.answers[REQUEST] = failure
    send(client, picture())
    ((_, names),) = ReturnPhotos(app.extensions[EXTENSION].store).names([asked(ledgers)["return_id"]]).items()
    assert len(names) == kept


def test_the_database_alone_shows_no_photo(client, services, sent):
    """They are encrypted under the gateway's secret."""
    content = client.get(f"/track/right/returns/{sent['return_id']}/photos/{sent['evidence'][0]}").data
    files = [each.read_bytes() for each in services.settings.data.iterdir() if each.is_file()]
    assert not [each for each in files if content[100:140] in each]


def test_photos_are_gone_after_their_days(opened):
    """Nobody sees them from the moment, and soon they are deleted."""
    now, store = [1_000.0], opened()
    kept = ReturnPhotos(store, clock=lambda: now[0])
    kept.keep("R1", [photos.read(picture())], 180)
    kept.keep("R2", [photos.read(picture())], 181)
    (digest,) = kept.names(["R1"])["R1"]
    now[0] += 180 * 86_400 - 1
    assert kept.find("R1", digest, small=False)
    now[0] += 1
    assert kept.find("R1", digest, small=False) is None
    kept.forget_old()
    now[0] = 1_000.0
    assert kept.names(["R1", "R2"]) == {"R1": [], "R2": [digest]}


def test_the_form_says_for_how_long(client, ledgers, services):
    arrived(ledgers)
    page = client.get("/track/right/return?line=1").get_data(as_text=True)
    assert f"at most {services.settings.photo_days} days" in page
