"""Whatever a caller sends, to whatever function: an answer or a refusal that can be shown, never a failure."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator

import pytest

from chaincode import carriage, commerce, trade
from hlf.shim import api, testing
from tests.unit.contracts import shipping
from tests.unit.contracts.trading import AUDITOR, MERCHANT, PARTICIPANTS, PLATFORM, user

LONGEST_REFUSAL = 1_000
UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Unicode's categories of characters that move text about or break lines."""
DEEP = b"[" * 2_000 + b"]" * 2_000
ODD = {
    "nothing": b"",
    "a space": b" ",
    "NUL": b"\x00",
    "the mark of composite keys": b"\x00participant\x00MerchantMSP\x00",
    "the largest character": "\U0010ffff".encode(),
    "no UTF-8": b"\xff\xfe",
    "a lone surrogate": b'"\\ud800"',
    "a byte order mark": b"\xef\xbb\xbf1",
    "right to left": "\u202eMSPtnahcreM".encode(),
    "decomposed": "Cafe\u0301".encode(),
    "another alphabet": "\u041cerchantMSP".encode(),
    "digits of another script": "\u0661".encode(),
    "very long": b"A" * 50_000,
    "a very long number": b"9" * 5_000,
    "a float": b"1.0",
    "an exponent": b"1e400",
    "not a number": b"NaN",
    "infinity": b"-Infinity",
    "beyond 2^53": b"9007199254740993",
    "far below zero": b"-9007199254740991",
    "null": b"null",
    "true": b"true",
    "text": b'"text"',
    "an empty object": b"{}",
    "an empty list": b"[]",
    "a list of nothing": b"[null]",
    "a name twice": b'{"salt":"a","salt":"b"}',
    "a long name": b'{"' + b"n" * 20_000 + b'":1}',
    "a long name, deeper": b'{"warehouses":{"' + b"n" * 20_000 + b'":1}}',
    "a name that writes lines": b'{"a\\n2026-11-22 ERROR forged line\\u0000\\u202e":1}',
    "depth": DEEP,
    "a script": b"<script>alert(1)</script>",
    "a path": b"../../../../etc/passwd",
}
FILL = {str: b"J1", int: b"1", bool: b"true"}
TRANSIENT = (
    "agreement", "booking", "change", "counter_salt", "disclosures", "document", "draft", "grant", "order", "payment",
    "plan", "request", "salt", "salts", "sealed", "total",
)  # fmt: skip

CHAINCODES = {"trade": trade.chaincode, "commerce": commerce.chaincode, "carriage": carriage.chaincode}
FUNCTIONS = [
    (name, function)
    for name, chaincode in CHAINCODES.items()
    for function in sorted({f"{each.contract}:{each.name}" for each in chaincode.functions.values()})
]


@pytest.fixture(scope="module")
def ledgers() -> dict[str, testing.Ledger]:
    """Return a ledger of each chaincode, with something on it to stumble over."""
    channel = shipping.Channel()
    channel.open()
    logistics = testing.Ledger(carriage.chaincode, (MERCHANT, AUDITOR))
    founders = [{**each, "roles": ["forwarder", "auditor"]} for each in PARTICIPANTS if each["msp_id"] == MERCHANT]
    logistics.invoke("Participants:found", json.dumps(founders), client=user(MERCHANT, "admin"))
    return {
        "trade": channel.ledger,
        "commerce": testing.Ledger(commerce.chaincode, (PLATFORM, MERCHANT)),
        "carriage": logistics,
    }


@pytest.mark.parametrize(("chaincode", "name"), FUNCTIONS, ids=lambda value: str(value))
def test_odd_arguments_get_an_answer_or_a_refusal_that_can_be_shown(ledgers, chaincode, name):
    """
    No argument and no transient value makes a contract fail.

    And no refusal repeats so much of what was sent, or such characters of it,
    that a peer's log or an operator's screen would show what was never said.
    """
    for what, arguments, transient in _attacks(CHAINCODES[chaincode].functions[name]):
        words = _refusal(ledgers[chaincode], name, arguments, transient)
        assert len(words) <= LONGEST_REFUSAL, f"{name} repeats {what}"
        assert not {unicodedata.category(character) for character in words} & UNSEEN, f"{name} repeats {what}"


def _refusal(ledger: testing.Ledger, name: str, arguments: list[bytes], transient: dict[str, bytes]) -> str:
    """Return the words of the contract or its peer, nothing where there is an answer; a failure fails the test."""
    try:
        ledger.evaluate(name, *arguments, client=user(MERCHANT), transient=transient, at=shipping.at(5))
    except testing.Refused as refused:
        return refused.text
    except testing.CallFailed as failed:
        # An organisation that is not on the channel has no collection there.
        if not isinstance(failed.__cause__, api.PeerRefused):
            raise
        return failed.response.message
    return ""


def _attacks(function: api.Function) -> Iterator[tuple[str, list[bytes], dict[str, bytes]]]:
    filled = [FILL.get(parameter.annotation, b"{}") for parameter in function.parameters]
    for what, odd in ODD.items():
        for index, parameter in enumerate(function.parameters):
            yield f"{what} for {parameter.name}", [*filled[:index], odd, *filled[index + 1 :]], {}
        yield f"{what} in the transient data", filled, dict.fromkeys(TRANSIENT, odd)


def test_a_function_that_does_not_exist_is_not_repeated_at_length(ledgers):
    for odd in ODD.values():
        with pytest.raises(testing.Refused) as refused:
            ledgers["trade"].evaluate(odd.decode("utf-8", "replace"), client=user(MERCHANT), at=shipping.at(5))
        assert refused.value.code == "UNKNOWN_FUNCTION"
        assert len(refused.value.text) <= LONGEST_REFUSAL
