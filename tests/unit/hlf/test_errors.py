"""The error tree, and how a contract's refusal is found in it."""

from __future__ import annotations

import inspect
import pickle
import re

import grpc
import pytest

from hlf import errors


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("refused/NOT_CUSTODIAN: J1 is held", ("NOT_CUSTODIAN", "J1 is held")),
        ("chaincode response 400, refused/A: b", ("A", "b")),
        (
            "evaluate call to endorser returned error: chaincode response 400, refused/X_1: two\nlines: here",
            ("X_1", "two\nlines: here"),
        ),
        ("chaincode response 500, refused/INTERNAL: see the log", ("INTERNAL", "see the log")),
        ("refused/EMPTY: ", ("EMPTY", "")),
        ("refused/lower: x", None),
        ("refused/NO_WORDS", None),
        ("refused/: x", None),
        ("the other contract answered refused/NOT_CUSTODIAN: x", None),
        ("chaincode response 400, not refused/A: b", None),
        ("", None),
    ],
)
def test_a_refusal_is_found_where_a_shim_puts_it(message, expected):
    """At the start or behind the peer's own phrase; a quotation elsewhere is none."""
    assert errors.contract_refusal(message) == expected


def test_the_refusal_of_an_endorser_counts():
    """Endorse puts the contract's words in the details and its own in the message."""
    details = [
        errors.Detail("a:1", "AMSP", "ProposalResponsePayloads do not match"),
        errors.Detail("b:1", "BMSP", "chaincode response 400, refused/NOT_CUSTODIAN: J1"),
    ]
    error = errors.EndorseError("failed to endorse", status=grpc.StatusCode.ABORTED, details=details)
    assert error.contract_code == "NOT_CUSTODIAN"
    assert error.contract_message == "J1"
    assert errors.EndorseError("other").contract_code is None


def test_the_tree_in_the_docstring_is_the_tree():
    """Every error is drawn once, below its parent."""
    drawn = re.findall(r"^ {4}([ │├└]*)(\w+Error)", errors.__doc__, re.MULTILINE)
    parents: list[tuple[int, str]] = []
    found = {}
    for indent, name in drawn:
        while parents and parents[-1][0] >= len(indent):
            parents.pop()
        found[name] = parents[-1][1] if parents else "Exception"
        parents.append((len(indent), name))
    defined = {
        name: kind.__bases__[0].__name__
        for name, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, Exception) and kind.__module__ == errors.__name__
    }
    assert found == defined


def test_validation_codes_have_names():
    """Fabric's own; a code from the future keeps its number."""
    assert errors.validation_code_name(11) == "MVCC_READ_CONFLICT"
    assert errors.validation_code_name(99) == "CODE_99"
    error = errors.CommitError("tx", 99, 7)
    assert (error.name, error.block_number) == ("CODE_99", 7)
    assert "CODE_99 (code 99) in block 7" in str(error)


def test_an_error_survives_being_sent_between_processes():
    """Workers report by pickling."""
    gateway = errors.SubmitError("m", transaction_id="tx", status=grpc.StatusCode.ABORTED)
    for error in (errors.CommitError("tx", 10, 7), gateway, errors.HlfError("words")):
        again = pickle.loads(pickle.dumps(error))  # noqa: S301 - of our own making.
        assert str(again) == str(error)
        assert vars(again) == vars(error)
