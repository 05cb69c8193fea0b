"""The page of administrators: what a channel says of itself, certificates by days left, amendments that wait."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from fabric_protos.common import ledger_pb2, policies_pb2
from fabric_protos.msp import msp_principal_pb2
from fabric_protos.peer import collection_pb2
from fabric_protos.peer.lifecycle import lifecycle_pb2

from gateway.console import network
from gateway.fabric import definitions
from gateway.fabric.definitions import ChannelState, DefinedChaincode
from gateway.fabric.ledgercalls import LedgerCall
from hlf import errors
from selat import cli


def _collection(name: str, *members: str) -> collection_pb2.CollectionConfig:
    principals = [
        msp_principal_pb2.MSPPrincipal(
            principal_classification=msp_principal_pb2.MSPPrincipal.ROLE,
            principal=msp_principal_pb2.MSPRole(msp_identifier=each).SerializeToString(),
        )
        for each in members
    ]
    policy = collection_pb2.CollectionPolicyConfig(
        signature_policy=policies_pb2.SignaturePolicyEnvelope(identities=principals)
    )
    static = collection_pb2.StaticCollectionConfig(name=name, member_orgs_policy=policy)
    return collection_pb2.CollectionConfig(static_collection_config=static)


def test_a_channel_is_told_by_its_peers(monkeypatch):
    """Heights are asked of each member's peer; one that is silent has none, and hides nobody else's."""
    members = SimpleNamespace(application_msp_ids=("AMSP", "BMSP"))
    monkeypatch.setattr(definitions.channelconfig.Bundle, "from_config_block", lambda _: members)
    defined = lifecycle_pb2.QueryChaincodeDefinitionsResult(
        chaincode_definitions=[{"name": "trade", "version": "1.0", "sequence": 3}]
    )
    package = collection_pb2.CollectionConfigPackage(config=[_collection("tender", "BMSP", "AMSP")])
    approvals = {"AMSP": True, "BMSP": False}
    approved = lifecycle_pb2.QueryChaincodeDefinitionResult(approvals=approvals, collections=package)

    def ask(call: LedgerCall) -> bytes:
        if call.function == "GetChainInfo":
            if call.endorsers == ("BMSP",):
                raise errors.EvaluateError("down")
            return ledger_pb2.BlockchainInfo(height=80).SerializeToString()
        answers = {"QueryChaincodeDefinitions": defined, "QueryChaincodeDefinition": approved}
        return answers[call.function].SerializeToString() if call.function in answers else b""

    assert definitions.of("trade", "AMSP", ask) == ChannelState(
        "trade",
        {"AMSP": 80, "BMSP": None},
        (DefinedChaincode("trade", "1.0", 3, approvals, {"tender": ("AMSP", "BMSP")}),),
    )


@pytest.fixture
def admin(client, log_in, bearer, ledgers, services, monkeypatch):
    """Return a browser that may audit, of an organisation on one channel, with one user."""
    ends = datetime.now(UTC) + timedelta(days=12)
    own = SimpleNamespace(certificate=SimpleNamespace(not_after=ends))
    monkeypatch.setattr(type(services.wallet), "channels", lambda _: ["trade"])
    monkeypatch.setattr(type(services.wallet), "user", lambda *_: (own, None))
    state = ChannelState("trade", {"AMSP": 80, "BMSP": 78, "CMSP": None}, ())
    monkeypatch.setattr(network.definitions, "of", lambda *_: state)
    ledgers.answers["Participants:list"] = b"[]"
    ledgers.answers |= {
        f"{each}:amendments": b'{"amendments": [], "bookmark": ""}'
        for each in ("Participants", "Lpi", "Terms", "Stages")
    }
    log_in(bearer("read", "write", "audit")["Authorization"].removeprefix("Bearer "))
    return lambda: client.get("/console/network").get_data(as_text=True)


def test_who_is_behind_and_what_ends_soon_is_seen_at_once(admin):
    """Each with words, and not with a colour alone."""
    page = admin()
    assert page.count("up to date") == page.count("behind") == page.count("does not answer") == 1
    assert '<span class="badge bad">' in page.split("Days left", 1)[1]


def test_an_amendment_waits_for_whoever_has_not_approved(admin, ledgers):
    """A button leads to the act that approves it. One that is adopted, or that has one's approval, waits no more."""
    one = {
        "amendment_id": "A1",
        "subject": "participant/X",
        "voters": ["PlatformMSP"],
        "approvals": [],
        "state": "open",
    }
    ledgers.answers["Stages:amendments"] = json.dumps({"amendments": [one], "bookmark": ""}).encode()
    page = admin()
    assert "participant/X" in page
    assert "/console/acts/approve-amendment?contract=Stages&amp;amendment_id=A1" in page
    for change in ({"approvals": ["PlatformMSP"]}, {"state": "adopted"}, {"voters": ["BMSP"]}):
        ledgers.answers["Stages:amendments"] = json.dumps({"amendments": [one | change], "bookmark": ""}).encode()
        assert "participant/X" not in admin()


def test_a_silent_peer_is_a_notice_and_no_error(admin, monkeypatch):
    def down(*_: object) -> ChannelState:
        raise errors.EvaluateError("down")

    monkeypatch.setattr(network.definitions, "of", down)
    assert "Your peer does not answer for this channel at the moment." in admin()


def test_the_page_shows_commands_that_exist(admin):
    """A gateway holds no admin's key: it shows what the administrator types, with its options, and how to renew."""
    page = admin()
    shown = [command for _, command in network.COMMANDS] + [network.renewing("PlatformMSP", "User1")]
    for command in shown:
        assert f'data-copy="{command}"' in page
        program, *words = command.split()
        assert program == "selat"
        told = CliRunner().invoke(cli.main, [*words, "--help"])
        assert told.exit_code == 0, (command, told.output)
