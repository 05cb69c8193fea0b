"""Errors speak: who is told what an exception says, and when nobody is."""

from __future__ import annotations

import pytest

from hlf.shim import api, responses, testing
from hlf.shim.errors import PeerRefused


class Clumsy(api.Contract):
    """Fails after it has seen something."""

    @api.transaction
    def public(self, ctx: api.Context, key: str) -> None:
        raise KeyError(f"{key} is not among\nthe rates")

    @api.transaction
    def private(self, ctx: api.Context) -> None:
        raise KeyError(ctx.stub.get_private_data("_implicit_org_AMSP", "k") or b"secret")

    @api.transaction
    def ranged(self, ctx: api.Context) -> None:
        raise KeyError("secret", list(ctx.stub.get_private_data_by_range("_implicit_org_AMSP")))

    @api.transaction
    def called(self, ctx: api.Context) -> None:
        raise KeyError("secret", ctx.stub.invoke_chaincode("clumsy", ["Clumsy:nothing"]))

    @api.query
    def asked(self, ctx: api.Context, key: str) -> None:
        raise KeyError(key)


def _ledger(*, expose: bool = False) -> testing.Ledger:
    chaincode = api.Chaincode("clumsy", [Clumsy])
    chaincode.expose_errors = expose
    return testing.Ledger(chaincode, members=("AMSP",))


def _failed(ledger, function, *arguments, **more):
    with pytest.raises(testing.CallFailed) as failed:
        ledger.endorse(function, *arguments, client=testing.client("AMSP"), **more)
    return str(failed.value)


def test_the_log_has_the_text_by_the_transaction(caplog):
    """In one line and with the lines of code; the caller is told where to look, and no more."""
    told = _failed(_ledger(), "public", "SGD")
    tx_id = told.rpartition(" ")[2]
    assert (
        told == f"refused/INTERNAL: Clumsy:public failed with KeyError; see the chaincode's log for transaction {tx_id}"
    )
    assert f"KeyError: 'SGD is not among\\nthe rates' in transaction {tx_id}" in caplog.text
    assert 'raise KeyError(f"{key} is not among' in caplog.text


@pytest.mark.parametrize(
    ("function", "arguments", "transient"),
    [
        ("public", ["secret"], {"value": b"1"}),
        ("private", [], {}),
        ("ranged", [], {}),
        ("called", [], {}),
        ("asked", ["secret"], {}),
    ],
    ids=["transient", "private", "private range", "another chaincode", "query"],
)
def test_what_may_be_private_is_told_to_nobody(caplog, function, arguments, transient):
    """A transaction that saw private values leaves its lines of code in the log, and no text."""
    told = _failed(_ledger(), function, *arguments, transient=transient)
    assert "secret" not in told
    assert "failed with KeyError in transaction" in caplog.text
    assert "secret'" not in caplog.text
    assert "b'secret" not in caplog.text


def test_in_development_everybody_is_told(caplog):
    """Where the chaincode exposes errors: the caller too, and private values as well."""
    told = _failed(_ledger(expose=True), "public", "SGD", transient={"value": b"1"})
    assert "Clumsy:public failed with KeyError: 'SGD is not among\\nthe rates'; see the chaincode's log" in told
    assert "KeyError: 'SGD is not among" in caplog.text


def test_a_peers_refusal_may_come_with_a_hint():
    """The peer's words stay as they are, for who compares them; the answer has both."""
    refused = PeerRefused("no such thing", "look elsewhere")
    assert (refused.message, str(refused)) == ("no such thing", "no such thing (look elsewhere)")
    told = responses.of_error(refused, "Clumsy:public", "t1")
    assert told.message == "refused/PEER_REFUSED: no such thing (look elsewhere)"
