"""Chaincode definitions at work: initialisation required, and an upgrade that overtakes a transaction."""

from __future__ import annotations

import functools

from hlf.admin import lifecycle
from tests.conformance.answers import Answer
from tests.conformance.cases import case
from tests.conformance.lab import CHANNEL, Lab


@case("init required: evaluate before init")
def evaluate_before_init(lab: Lab) -> Answer:
    """A chaincode whose definition requires it runs nothing before its initialisation."""
    return lab.evaluate("get", "a", chaincode="uninitialised")


@case("init required: endorse before init")
def endorse_before_init(lab: Lab) -> Answer:
    """Nor is anything endorsed."""
    return lab.endorse_answer("put", "a", "1", chaincode="uninitialised")


@functools.cache
def _initialised(lab: Lab, chaincode: str) -> Answer:
    """The answer to the chaincode's initialisation, which is done once, by whoever asks first."""
    answer = lab.submit("init", chaincode=chaincode, is_init=True)
    lab.wait_for_all()
    return answer


case("init required: init")(lambda lab: _initialised(lab, "initialised"))


@case("init required: second init")
def second_init(lab: Lab) -> Answer:
    """Once is enough."""
    _initialised(lab, "initialised")
    return lab.endorse_answer("init", chaincode="initialised", is_init=True)


@case("init required: after init")
def after_init(lab: Lab) -> Answer:
    """Then everything works."""
    _initialised(lab, "initialised")
    return lab.submit("put", "a", "1", chaincode="initialised")


@case("init required: upgraded version needs init again")
def needs_init_again(lab: Lab) -> Answer:
    """What was initialised is a version."""
    _initialised(lab, "reinitialised")
    _upgrade(lab, "reinitialised", "2.0", init_required=True)
    return lab.evaluate("get", "a", chaincode="reinitialised")


@case("upgrade between endorse and submit")
def upgrade(lab: Lab) -> Answer:
    """Every transaction reads its chaincode's definition, so an upgrade overtakes what was endorsed before it."""
    overtaken = lab.endorse("put", "a", "1", chaincode="upgraded")
    _upgrade(lab, "upgraded", "2.0")
    after = lab.submit("put", "a", "2", chaincode="upgraded")
    return Answer(result=[lab.submit_together(overtaken), after.as_json(lab.addresses)])


def _upgrade(lab: Lab, chaincode: str, version: str, *, init_required: bool = False) -> None:
    """Put the chaincode's next definition in force, with the package it has."""
    with lab.administrators() as peers:
        held = lifecycle.committed_definition(peers[0], CHANNEL, chaincode)
        approval = lifecycle.approved(peers[0], CHANNEL, chaincode)
        assert held is not None
        assert approval is not None
        package_id = approval.package_id
        definition = lifecycle.Definition(chaincode, version, held.sequence + 1, init_required=init_required)
        for each in peers:
            lifecycle.approve(each, CHANNEL, definition, package_id)
        lab.wait_for_all()
        lifecycle.commit(peers[0], CHANNEL, definition, peers)
    lab.wait_for_all()
