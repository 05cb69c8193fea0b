"""What contracts answer and events carry, in whatever form their authors chose."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from gateway.events import cloudevents
from gateway.fabric import results
from hlf.errors import WireError
from tests.unit.gateway.fakes import TRANSACTION

STRANGE = {
    "deep": b"[" * 5000 + b"]" * 5000,
    "twice": b'{"a":1,"a":2}',
    "a surrogate": rb'{"a":"\ud800"}',
    "no number": b'{"a":NaN}',
    "a huge number": b"9" * 5000,
    "text": b"moved",
}


@pytest.mark.parametrize("answer", STRANGE.values(), ids=STRANGE)
def test_an_answer_that_is_no_json_is_given_as_text(answer):
    """Contracts of others answer as they like; what JSON would have to be made of is for their callers."""
    assert results.plain(answer) == answer.decode()
    with pytest.raises(WireError, match="answer is not JSON"):
        results.read(answer)


def test_answers_that_can_be_read():
    """JSON as it is, nothing as nothing, other bytes not at all."""
    assert results.plain(b'{"a":[1.5,null]}') == results.read(b'{"a":[1.5,null]}') == {"a": [1.5, None]}
    assert results.plain(b"") is results.read(b"") is results.plain(b"\xff") is None


@pytest.mark.parametrize("answer", [None, "moved", 1, [{}]])
def test_an_answer_of_another_shape_is_refused(answer):
    """An address that promises an object gives one, whatever a contract of the consortium's own answers."""
    with pytest.raises(WireError, match="no JSON object"):
        results.record(answer)
    assert results.record({"a": 1}) == {"a": 1}


@pytest.mark.parametrize("answer", [None, "moved", 1, {}])
def test_an_answer_that_is_no_list_is_refused(answer):
    """The same for addresses that promise a list."""
    with pytest.raises(WireError, match="no JSON list"):
        results.listing(answer)
    assert results.listing([1]) == [1]


@pytest.mark.parametrize("payload", [*STRANGE.values(), b"\xff"])
def test_an_event_goes_on_in_base64_where_it_is_no_json(payload):
    """One member's event must not break the stream of all others."""
    event = SimpleNamespace(block_number=7, transaction_id=TRANSACTION, chaincode="cc", name="E", payload=payload)
    document = cloudevents.cloud_event(event, "trade")
    assert "data" not in document
    assert json.dumps(document, ensure_ascii=False).encode()


@pytest.mark.parametrize("answer", [*STRANGE.values(), b"[1]", b'{"a":5}', b'[{"transaction_id":5}]', b'"x"'])
def test_a_history_by_a_contract_of_others(client, bearer, ledgers, answer):
    """Any chaincode may be named; what it tells is no history, and no fault of the gateway."""
    ledgers.answers["C:history"] = answer
    found = client.get("/v1/audit/trade/history/C/k?chaincode=other", headers=bearer())
    assert found.status_code in (422, 502), found.text
    assert found.json["code"] in ("HISTORY_UNPROVABLE", "FABRIC_ANSWER_UNREADABLE")
