"""Evaluate: what the gateway answers to a query, good or bad."""

from tests.conformance.answers import Answer
from tests.conformance.cases import case
from tests.conformance.lab import Lab


@case("evaluate ok")
def evaluate_ok(lab: Lab) -> Answer:
    """A committed value comes back as it was written."""
    lab.must("put", "evaluate-ok", "1")
    return lab.evaluate("get", "evaluate-ok")


@case("evaluate missing key")
def evaluate_missing_key(lab: Lab) -> Answer:
    """A key nobody wrote reads as no bytes."""
    return lab.evaluate("get", "never-written")


@case("evaluate unknown chaincode")
def evaluate_unknown_chaincode(lab: Lab) -> Answer:
    """The gateway has no peer for a chaincode nobody defined."""
    return lab.evaluate("get", "a", chaincode="nosuchcc")


@case("evaluate unknown function raw shim")
def evaluate_unknown_function(lab: Lab) -> Answer:
    """A refusal by the chaincode comes with the endorser's detail."""
    return lab.evaluate("nope")
