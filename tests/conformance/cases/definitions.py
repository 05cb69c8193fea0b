"""Chaincode definitions at work: initialisation required, and an upgrade that overtakes a transaction."""

from __future__ import annotations

from hlf.admin import lifecycle
from tests.conformance.answers import Answer
from tests.conformance.cases import case
from tests.conformance.lab import CHANNEL, Lab


@case("init required")
def init_required(lab: Lab) -> Answer:
    """Before Init nothing works, after it everything, and Init works once."""
    told = [
        lab.evaluate("get", "a", chaincode="initialised"),
        lab.endorse_answer("put", "a", "1", chaincode="initialised"),
        lab.submit("init", chaincode="initialised", is_init=True),
        lab.endorse_answer("init", chaincode="initialised", is_init=True),
        lab.submit("put", "a", "1", chaincode="initialised"),
    ]
    return Answer(result=[each.as_json(lab.addresses) for each in told])


@case("upgrade between endorse and submit")
def upgrade(lab: Lab) -> Answer:
    """Every transaction reads its chaincode's definition, so an upgrade overtakes what was endorsed before it."""
    with lab.administrators() as peers:
        held = lifecycle.committed_definition(peers[0], CHANNEL, "upgraded")
        package_id = lifecycle.approved(peers[0], CHANNEL, "upgraded").package_id
        overtaken = lab.endorse("put", "a", "1", chaincode="upgraded")
        definition = lifecycle.Definition("upgraded", version="2.0", sequence=held.sequence + 1)
        for each in peers:
            lifecycle.approve(each, CHANNEL, definition, package_id)
        lab.wait_for_all()
        lifecycle.commit(peers[0], CHANNEL, definition, peers)
    lab.wait_for_all()
    after = lab.submit("put", "a", "2", chaincode="upgraded")
    return Answer(result=[lab.submit_together(overtaken), after.as_json(lab.addresses)])
