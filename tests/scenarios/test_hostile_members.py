"""
Members that do not keep to the gateway: their own clients, on everybody's peers, with whatever they like in a request.

What a doctored chaincode at their own peer could endorse is in the unit tests of the contracts.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import re
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from fabric_protos.gateway import gateway_pb2
from fabric_protos.peer import proposal_pb2

from chaincode import carriage, commerce, trade
from hlf import errors, identity
from hlf.admin import lifecycle
from hlf.admin.peer import Peer
from hlf.client import gateway
from hlf.network.state import Folder
from hlf.profile import Profile
from hlf.wire import blocks, proposals

CHANNELS = {
    "trade": trade.chaincode,
    "ecommerce": commerce.chaincode,
    "logistics": carriage.chaincode,
}
MEMBERS = {
    "trade": (
        "PlatformMSP", "MerchantMSP", "PaymentsMSP", "OriginCarrierMSP", "ForwarderMSP", "LastMileMSP", "CustomsMSP",
        "AuditorMSP",
    ),
    "ecommerce": ("PlatformMSP", "MerchantMSP", "PaymentsMSP", "AuditorMSP"),
    "logistics": ("OriginCarrierMSP", "ForwarderMSP", "LastMileMSP", "CustomsMSP", "AuditorMSP"),
}  # fmt: skip
# The first test waits for the story and for what every organisation is told by every peer.
pytestmark = pytest.mark.timeout(900)
# Who has claims of its own after the story.
_OWNERS = ("PlatformMSP", "ForwarderMSP")
# Every asker at every peer, which takes minutes: `make hostile`.
_ALL_PAIRS = "SELAT_ALL_PAIRS" in os.environ
_METADATA = "org.hyperledger.fabric:GetMetadata"
_SALT = re.compile(r'"salt":\s*"([A-Za-z0-9_-]{22,})"')


@pytest.fixture(scope="module")
def network(stage, played) -> Folder:
    """Return the network on which the story has been played."""
    return stage.network.folder


@contextlib.contextmanager
def member(network: Folder, msp_id: str, at: str = "", user: str = "User1") -> Iterator[gateway.Gateway]:
    """Yield a user of *msp_id*, connected to the peer of *at*, or else to its own."""
    profile = Profile.load(network.profile(at or msp_id))
    with gateway.connect(profile, *identity.load_user(network.user(msp_id, user), msp_id)) as connected:
        yield connected


@contextlib.contextmanager
def administrator(network: Folder, msp_id: str, at: str) -> Iterator[Peer]:
    """Yield the administrator of *msp_id* before the peer of *at*."""
    profile = Profile.load(network.profile(at))
    with Peer(profile.gateway, *identity.load_user(network.user(msp_id, "Admin"), msp_id)) as connected:
        yield connected


@pytest.fixture(scope="module")
def ids(cast, played) -> dict[str, list[str]]:
    """Every identifier that the story left, by the name that functions have for it; most stand in blocks anyway."""
    journey = cast.platform.get(f"/v1/journeys/{played.journey_id}")["journey"]
    claims = [claim["claim_id"] for owner in (cast.platform, cast.forwarder) for claim in _own_claims(owner)]
    return {
        "claim_id": claims,
        "grant_id": [entry["grant"]["grant_id"] for entry in cast.auditor.get("/v1/disclosures/audit")],
        "request_id": [entry["request_id"] for entry in cast.auditor.get("/v1/disclosures/requests")],
        "order_id": [played.order["order_id"]],
        "payment_id": [payment["payment"]["payment_id"] for payment in cast.platform.get("/v1/payments")],
        "journey_id": [journey["journey_id"]],
        "plan_id": [plan["plan_id"] for plan in cast.forwarder.get("/v1/plans")],
        "agreement_id": [one["agreement_id"] for one in cast.forwarder.get("/v1/agreements")],
        "owner": list(_OWNERS),
        "msp_id": list(_OWNERS),
    }


def _own_claims(owner) -> list[dict]:
    return [*owner.get("/v1/forecasts"), *owner.get("/v1/capabilities")]


@pytest.fixture(scope="module")
def answers(network, ids) -> dict[tuple[str, str, str], str]:
    """
    Return what every organisation gets out of every query with every identifier, by channel, asker and peer.

    Refusals are part of it: their words could tell something, too. Of the organisations that a query may name, asker,
    peer and those that own something are named: what any other has is public, and each is an asker and a peer in turn.
    """
    heard: dict[tuple[str, str, str], list[str]] = {}
    for channel, members in MEMBERS.items():
        for asker in members:
            for peer in members:
                named = {name: [*dict.fromkeys([asker, peer, *ids[name]])] for name in ("owner", "msp_id")}
                with member(network, asker, peer) as connected:
                    heard[channel, asker, peer] = list(_ask_everything(connected, channel, peer, {**ids, **named}))
    return {place: "\n".join(words) for place, words in heard.items()}


def _ask_everything(connected: gateway.Gateway, channel: str, peer: str, ids: dict[str, list[str]]) -> Iterator[str]:
    chaincode = CHANNELS[channel]
    contract = connected.network(channel).contract(chaincode.name)
    for place, (name, function) in enumerate(chaincode.functions.items()):
        if function.tag != "evaluate" or name == _METADATA:
            # What a chaincode says of itself is the same for all.
            continue
        first = function.parameters[0].name if function.parameters else ""
        for turn, known in enumerate(ids.get(first) or [""], start=place):
            if not _asks(MEMBERS[channel], connected.identity.msp_id, peer, turn):
                continue
            arguments = [known if parameter.name == first else "1" for parameter in function.parameters]
            try:
                yield contract.evaluate(name, *arguments, endorsing_organizations=[peer]).decode()
            except errors.EvaluateError as refused:
                yield refused.message + json.dumps([detail.message for detail in refused.details])


def _asks(members: tuple[str, ...], asker: str, peer: str, turn: int) -> bool:
    """
    Whether *asker* puts the question of that *turn* to *peer*: to its own always, and to one of the others.

    So every question is asked by every organisation at another's peer, and at every peer by another organisation.
    """
    if asker == peer or _ALL_PAIRS:
        return True
    distance = 1 + turn % (len(members) - 1)
    return members.index(asker) == (members.index(peer) + distance) % len(members)


def test_no_member_gets_a_private_record_that_is_not_its_own(answers):
    """
    Records carry salts, and only a record's holders ever see its salt: at their own peer, or at nobody's.

    Every organisation asks its own peer for everything there is, and another's for each of it, so whatever a salt is
    seen by is the list of those who can read that record.
    """
    seen: dict[str, set[tuple[str, str]]] = {}
    for (_, asker, peer), text in answers.items():
        for salt in _SALT.findall(text):
            seen.setdefault(salt, set()).add((asker, peer))
    assert len(seen) > 5
    for salt, places in seen.items():
        askers = {asker for asker, _ in places}
        peers = {peer for _, peer in places}
        assert askers == peers, f"record {salt[:4]}… is read by {askers} at {peers}"
        # Of no record there are more than four holders: a grant has three, a payment three, a claim's document one.
        assert len(askers) <= 3, f"record {salt[:4]}… is read by {askers}"


def test_claims_are_told_to_their_owners_and_recipients_alone(answers, cast, played):
    """A disclosure carries its value and salt: the owner has all, the recipient those it was shown."""
    claim = cast.platform.get(f"/v1/forecasts/{played.claim_id}")
    shown = cast.forwarder.get(f"/v1/disclosures/{played.grant_id}")["disclosures"]
    assert len(claim["disclosures"]) > len(shown) > 0
    for disclosure in claim["disclosures"]:
        found = {(asker, peer) for (_, asker, peer), text in answers.items() if disclosure in text}
        entitled = {("PlatformMSP", "PlatformMSP")}
        if disclosure in shown:
            entitled |= {("ForwarderMSP", "ForwarderMSP")}
        assert found == entitled


@pytest.mark.parametrize("user", ["User1", "Admin"])
@pytest.mark.parametrize("channel", MEMBERS)
def test_no_peer_delivers_private_data_with_its_blocks(network, channel, user):
    """
    Fabric gives implicit collections to every reader of whole blocks, past all contracts; so nobody reads those.

    Blocks without private data are there for every member.
    """
    for asker in MEMBERS[channel]:
        for peer in MEMBERS[channel]:
            with member(network, asker, peer, user) as connected:
                events = connected.network(channel)
                for stream in (events.block_and_private_data_events, events.block_events):
                    with pytest.raises(errors.EventsError) as refused:
                        next(stream(0))
                    assert "FORBIDDEN" in refused.value.message
                number = events.height() - 1
                assert blocks.decode(events.block(number)).number == number


@pytest.mark.parametrize("channel", ["ecommerce", "logistics"])
def test_channels_of_others_answer_nothing(network, channel):
    """Neither contracts nor system chaincodes nor blocks nor events, at any peer that has the channel."""
    outsider = next(msp_id for msp_id in MEMBERS["trade"] if msp_id not in MEMBERS[channel])
    chaincode = CHANNELS[channel].name
    for peer in MEMBERS[channel]:
        with member(network, outsider, peer) as connected:
            strange = connected.network(channel)
            for name, function in [
                (chaincode, _METADATA), ("qscc", "GetChainInfo"), ("cscc", "GetConfigBlock")
            ]:  # fmt: skip
                with pytest.raises(errors.EvaluateError):
                    strange.contract(name).evaluate(function, channel)
            with pytest.raises(errors.EventsError):
                next(strange.block_events(0))
            with pytest.raises(errors.EventsError):
                next(strange.chaincode_events(chaincode, 0))


def test_a_transaction_sent_again_counts_once(network):
    """By its author or by somebody who read it in a block: the same id, and a duplicate by Fabric's code."""
    with member(network, "MerchantMSP") as mine, member(network, "CustomsMSP") as other:
        trade_channel = mine.network("trade")
        endorsed = trade_channel.contract("trade").propose(
            "Participants:propose", f"again-{secrets.token_hex(4)}", _participant(mine, "PaymentsMSP")
        ).endorse()  # fmt: skip
        first = endorsed.submit().wait_committed()
        assert first.valid
        height = trade_channel.height()
        # The envelope carries its author's signature; whoever sends it cannot change a byte of it.
        other.transaction_from_bytes(endorsed.bytes).submit()
        with trade_channel.filtered_block_events(height, last_block=height) as filtered:
            repeated = [each for each in next(filtered).transactions if each.transaction_id == first.transaction_id]
        assert [errors.validation_code_name(each.code) for each in repeated] == ["DUPLICATE_TXID"]
        assert mine.commit_status("trade", first.transaction_id).wait_committed().valid


def test_a_proposal_of_another_cannot_be_sent_as_ones_own(network):
    """A signature of Customs under a proposal in the merchant's name is nobody's."""
    with member(network, "MerchantMSP") as victim, member(network, "CustomsMSP") as thief:
        proposal = victim.network("trade").contract("trade").propose("Claims:list")
        stolen = thief.proposal_from_bytes(proposal.bytes, thief.session.sign(proposal.message))
        with pytest.raises(errors.EvaluateError):
            stolen.evaluate()
        with pytest.raises(errors.EndorseError):
            stolen.endorse()


@pytest.mark.parametrize("minutes", [-20, 20, -60 * 24 * 40])
def test_nobody_dates_a_transaction_before_or_after_its_time(network, minutes):
    """Windows and deadlines count by the transaction's own time, so peers take none far from their clocks."""
    moment = datetime.now(UTC) + timedelta(minutes=minutes)
    with member(network, "MerchantMSP") as hostile:
        made = proposals.new("trade", "trade", [b"Participants:list"], hostile.session.creator, timestamp=moment)
        message = gateway_pb2.ProposedTransaction(
            transaction_id=made.transaction_id, proposal=proposal_pb2.SignedProposal(proposal_bytes=made.bytes)
        )
        dated = hostile.proposal_from_bytes(message.SerializeToString())
        for step in (dated.evaluate, dated.endorse):
            with pytest.raises(errors.GatewayError) as refused:
                step()
            assert "timestamp" in f"{refused.value.message} {refused.value.details}"


def _participant(connected: gateway.Gateway, msp_id: str, **changes: str) -> str:
    kept = json.loads(connected.network("trade").contract("trade").evaluate("Participants:read", msp_id))
    return json.dumps({**kept, **changes})


@pytest.mark.parametrize(
    "endorsers", [["MerchantMSP"], ["MerchantMSP", "PaymentsMSP", "CustomsMSP", "AuditorMSP"]], ids=["one", "half"]
)
def test_hand_picked_endorsers_do_not_replace_the_policy(network, endorsers):
    """Shared reference data take a majority; fewer, however willing, commit as invalid and change nothing."""
    amendment = f"alone-{secrets.token_hex(4)}"
    with member(network, "MerchantMSP") as hostile:
        contract = hostile.network("trade").contract("trade")
        change = _participant(hostile, "MerchantMSP", species="core")
        with pytest.raises(errors.CommitError) as invalid:
            contract.submit("Participants:propose", amendment, change, endorsing_organizations=endorsers)
        assert invalid.value.name == "ENDORSEMENT_POLICY_FAILURE"
        with pytest.raises(errors.EvaluateError) as refused:
            contract.evaluate("Participants:amendment", amendment)
        assert refused.value.contract_code == "NOT_FOUND"


def test_a_private_write_wants_its_owner_whoever_else_endorses(network, cast, played):
    """A grant that its recipient alone endorsed is in nobody's collection."""
    grant_id, salt = f"forged-{secrets.token_hex(4)}", secrets.token_urlsafe(16)
    grant = {
        "claim_id": played.claim_id, "revision": 1, "recipient": "LastMileMSP", "attributes": ["method"],
        "purpose": "curiosity", "expires_at": "2030-01-01T00:00:00Z", "salt": salt,
    }  # fmt: skip
    with member(network, "LastMileMSP") as hostile:
        contract = hostile.network("trade").contract("trade")
        with pytest.raises(errors.EndorseError) as refused:
            contract.submit("Disclosures:grant", grant_id, transient={"grant": json.dumps(grant).encode()})
        assert refused.value.contract_code == "OWN_CLAIM"
    with member(network, "PlatformMSP") as careless:
        contract = careless.network("trade").contract("trade")
        transient = {"grant": json.dumps(grant).encode()}
        with pytest.raises(errors.CommitError) as invalid:
            contract.submit("Disclosures:grant", grant_id, transient=transient, endorsing_organizations=["LastMileMSP"])
        assert invalid.value.name == "ENDORSEMENT_POLICY_FAILURE"
    assert grant_id not in [entry["grant"]["grant_id"] for entry in cast.auditor.get("/v1/disclosures/audit")]


def test_a_page_is_not_written_by_hand_picked_endorsers(network, cast, played):
    """What the merchant records, the merchant endorses: all others together cannot put it on its page."""
    before = cast.auditor.get(f"/v1/journeys/{played.journey_id}")
    others = [msp_id for msp_id in MEMBERS["trade"] if msp_id != "MerchantMSP"]
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    with member(network, "MerchantMSP") as hostile:
        contract = hostile.network("trade").contract("trade")
        with pytest.raises(errors.CommitError) as invalid:
            contract.submit("Journeys:report", played.journey_id, "delayed", "S01", now, endorsing_organizations=others)
        assert invalid.value.name == "ENDORSEMENT_POLICY_FAILURE"
    assert cast.auditor.get(f"/v1/journeys/{played.journey_id}") == before


@pytest.mark.parametrize(("channel", "founder"), [("trade", "CustomsMSP"), ("logistics", "LastMileMSP")])
def test_the_participants_are_founded_once(network, channel, founder):
    """Whoever comes second, admin or not, names nobody; and whoever comes second learns it was not the first."""
    chosen = [{"msp_id": founder, "name": "me", "species": "core", "roles": ["auditor"], "countries": ["VN"]}]
    profile = Profile.load(network.profile(founder))
    for user, code in (("Admin", "ALREADY_FOUNDED"), ("User1", "WRONG_ROLE")):
        with gateway.connect(profile, *identity.load_user(network.user(founder, user), founder)) as hostile:
            contract = hostile.network(channel).contract(CHANNELS[channel].name)
            with pytest.raises(errors.EndorseError) as refused:
                contract.submit("Participants:found", json.dumps(chosen))
            assert refused.value.contract_code == code


def test_a_peer_is_administered_by_its_own_organisation(network):
    """Another member's administrator installs nothing there, takes no package, and approves nothing in its name."""
    with administrator(network, "CustomsMSP", "PlatformMSP") as foreign:
        definition = lifecycle.Definition("trade", "9.9", 9)
        for attempt in (
            lambda: lifecycle.install(foreign, b"a package of my own"),
            lambda: lifecycle.installed(foreign),
            lambda: lifecycle.installed_package(foreign, "trade_1.0:" + "0" * 64),
            lambda: lifecycle.approve(foreign, "trade", definition),
            lambda: foreign.join(b"a block of my own"),
            foreign.channels,
        ):
            with pytest.raises(errors.AdminError) as refused:
                attempt()
            assert re.search("access denied|creator", str(refused.value)), str(refused.value)
    with administrator(network, "PlatformMSP", "PlatformMSP") as own:
        assert {one.name for one in lifecycle.committed(own, "trade")} == {"trade"}
        assert dataclasses.asdict(lifecycle.committed(own, "trade")[0])["sequence"] == 1
