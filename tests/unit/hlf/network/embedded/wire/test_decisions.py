"""What policies say of signers is worked out once, and never carried over to other signers or another configuration."""

from __future__ import annotations

import pytest

from hlf.network.engines.embedded.wire import decisions
from hlf.wire.config import channelconfig, channelpolicies
from tests.support.runningchannel import consortium

WRITERS = "/Channel/Application/Writers"
ADMINS = "/Channel/Application/Admins"


def test_answers_are_those_of_the_policies():
    """Each path and each set of signers has its own answer, also when it is asked again."""
    who = consortium()
    bundle = channelconfig.Bundle.from_config_block(who.genesis())
    client, admin, other = (
        bundle.msps.identity(person.serialized) for person in (who["AMSP"].client, who["AMSP"].admin, who["BMSP"].admin)
    )
    for path in (WRITERS, ADMINS, "/Channel/Application/None"):
        for signers in ([], [client], [admin], [client, admin], [admin, other]) * 2:
            assert decisions.refusal(bundle, path, signers) == bundle.policy(path).refusal(signers)
    assert decisions.refusal(bundle, WRITERS, [client]) is None
    assert decisions.refusal(bundle, ADMINS, [client]) is not None
    assert decisions.refusal(bundle, ADMINS, [admin, other]) is None


def test_another_configuration_is_asked_anew():
    """Who belonged to a channel yesterday does not belong to it today because of an answer that is kept."""
    who = consortium()
    former = channelconfig.Bundle.from_config_block(who.genesis())
    present = channelconfig.Bundle.from_config_block(who.genesis(members=["AMSP", "BMSP"]))
    gone = former.msps.identity(who["CMSP"].client.serialized)
    assert decisions.refusal(former, WRITERS, [gone]) is None
    assert decisions.refusal(present, WRITERS, [gone]) is not None


def test_a_policy_is_asked_once(monkeypatch: pytest.MonkeyPatch):
    """The second answer costs a look-up."""
    who = consortium()
    bundle = channelconfig.Bundle.from_config_block(who.genesis())
    asked = []

    def find(tree: channelpolicies.PolicyTree, path: str) -> channelpolicies.Policy:
        asked.append(path)
        return channelpolicies.MissingPolicy(path)

    monkeypatch.setattr(channelpolicies.PolicyTree, "policy", find)
    signer = bundle.msps.identity(who["AMSP"].client.serialized)
    for _ in range(3):
        assert decisions.refusal(bundle, WRITERS, [signer]) == f"no such policy: '{WRITERS}'"
    assert asked == [WRITERS]
