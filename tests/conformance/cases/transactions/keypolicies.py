"""Key-level endorsement: a key that names who must endorse its next change."""

from __future__ import annotations

from typing import Any

from fabric_protos.common import policies_pb2

from hlf.wire import policies
from tests.conformance.answers import Answer
from tests.conformance.cases import case
from tests.conformance.lab import EndorsedTransaction, Lab

BOTH = ["Org1MSP", "Org2MSP"]


def _held_by_org3(lab: Lab) -> str:
    key = lab.fresh("held")
    lab.must("put", key, "0")
    lab.must("setep", key, "Org3MSP")
    return key


@case("sbe put")
def put(lab: Lab) -> Answer:
    """A key begins without a policy of its own."""
    return lab.submit("put", lab.fresh("held"), "0")


@case("sbe set policy org3")
def set_policy(lab: Lab) -> Answer:
    """The first policy of a key is set under the chaincode's own."""
    key = lab.fresh("held")
    lab.must("put", key, "0")
    return lab.submit("setep", key, "Org3MSP")


@case("sbe get policy")
def get_policy(lab: Lab) -> Answer:
    """What the chaincode wrote comes back."""

    def as_text(told: dict[str, Any]) -> str:
        written = bytes.fromhex(told["payload"].decode())
        return policies.to_dsl(policies_pb2.SignaturePolicyEnvelope.FromString(written))

    return lab.evaluate("getep", _held_by_org3(lab)).then(as_text)


case("sbe auto via org3 gw")(lambda lab: lab.submit("put", _held_by_org3(lab), "4", organisation="Org3"))
case("sbe put auto")(lambda lab: lab.submit("put", _held_by_org3(lab), "1"))
case("sbe put wrong orgs")(lambda lab: lab.submit("put", _held_by_org3(lab), "2", orgs=BOTH))
case("sbe put right org only")(lambda lab: lab.submit("put", _held_by_org3(lab), "3", orgs=["Org3MSP"]))
case("sbe delete wrong orgs")(lambda lab: lab.submit("del", _held_by_org3(lab), orgs=BOTH))


@case("sbe change and update same block")
def change_and_update(lab: Lab) -> Answer:
    """A policy set in a block holds for the transactions behind it in the same block."""

    def endorsed() -> list[EndorsedTransaction]:
        key = lab.fresh("changed")
        lab.must("put", key, "0")
        update = lab.endorse("put", key, "1", orgs=BOTH)
        return [lab.endorse("setep", key, "Org3MSP", orgs=BOTH), update]

    return Answer(result=lab.in_one_block(endorsed)[1])


@case("sbe clear")
def clear(lab: Lab) -> Answer:
    """Whoever holds the key may give it up."""
    return lab.submit("clearep", _held_by_org3(lab))


@case("sbe put after clear")
def after_clear(lab: Lab) -> Answer:
    """Then the chaincode's policy holds again."""
    key = _held_by_org3(lab)
    lab.must("clearep", key)
    return lab.submit("put", key, "5", orgs=BOTH)


@case("sbe on missing key")
def missing_key(lab: Lab) -> Answer:
    """Setting a policy on a key that does not exist is valid, and without effect."""
    return lab.submit("setep", lab.fresh("nokey"), "Org1MSP")


@case("sbe lost with the key")
def lost_with_the_key(lab: Lab) -> Answer:
    """Deleting the key deletes its policy: a key of the same name begins under the chaincode's policy."""
    key = _held_by_org3(lab)
    lab.must("del", key)
    return lab.submit("put", key, "6", orgs=BOTH)
