"""The page that tells an administrator what a plan or a proposed update changes, before anybody signs or applies it."""

from __future__ import annotations

import copy
import io
import json
from typing import Any

import pytest
from fabric_protos.common import common_pb2, configtx_pb2
from flask import g
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from gateway.audit import ownchannels
from gateway.console.changes import planwords, settingwords, uploads
from gateway.pages import forms
from hlf import errors, sentdocuments
from hlf.network.admin.changing import ChangePlan, PlannedStep
from hlf.network.plan import steps
from hlf.network.plan.leaving import PrivateDataLoss
from hlf.wire.config import channelconfig, channelproposal, channelwords, configupdate
from hlf.wire.config.channelproposal import ChannelProposal
from tests.support.members import Consortium
from tests.unit.gateway.conftest import form_token

CHANGE = steps.SettingChange("batch.timeout", "50ms", "200ms")
DEFINITION = {
    "version": "1.1",
    "sequence": "3",
    "init_required": "false",
    "endorsement": "OutOf(2, 'AMSP.peer', 'BMSP.peer', 'CMSP.peer')",
    "collections.tender.policy": "OR('AMSP.member', 'BMSP.member')",
    "collections.tender.endorsement": "AND('AMSP.peer', 'BMSP.peer')",
}
STEPS = {
    "enrol": steps.Enrol(("AMSP/User2",)),
    "start": steps.Start(("peer1.a.test",)),
    "restart": steps.Restart("AMSP", (CHANGE,)),
    "serve": steps.Serve({"trade.a.test": "1", "trade.b.test": "2"}, ("trade.b.test",)),
    "stopnodes": steps.StopNodes(("peer9.a.test",)),
    "create": steps.Create("c", frozenset({"AMSP", "BMSP"}), {}),
    "configure": steps.Configure("c", added=("CMSP",), removed=("BMSP",), changes=(CHANGE,)),
    "addorderer": steps.AddOrderer("c", "127.0.0.1:7050", "AMSP", 4, 3),
    "removeorderer": steps.RemoveOrderer("c", "127.0.0.1:7050", 3, 2),
    "join": steps.Join("c", ("peer1.a.test",)),
    "leave": steps.Leave("c", ("peer9.a.test",)),
    "install": steps.Install("trade", "trade_1:ab", ("peer0.a.test",)),
    "define": steps.Define("c", "trade", (CHANGE,), DEFINITION, {}),
    "approve": steps.Approve("c", "trade", {"AMSP": "trade_1:ab", "BMSP": ""}),
}
SAID = {
    "enrol": ["Make keys and certificates of AMSP/User2"],
    "start": ["Start peer1.a.test"],
    "restart": ["Start the peers of Alpha again", "Longest wait before a block is cut", "200ms"],
    "serve": ["Start trade.a.test; Start trade.b.test again"],
    "stopnodes": [
        "Stop peer9.a.test; ledgers and keys stay",
        "takes something away",
        "May lose private data of channel c on peer9.a.test: trade/tender, what Alpha alone sees. "
        "What is by then on peer0.a.test, peer1.a.test too stays.",
        "of channel d on peer9.a.test: what Alpha alone sees. No other peer of Alpha has any of it.",
    ],
    "create": ["Make channel c with Alpha, BMSP"],
    "configure": ["CMSP becomes a member", "BMSP is no member any more", "200ms", "a leaving member endorsed"],
    "addorderer": ["Add the orderer 127.0.0.1:7050 of Alpha to channel c", "3 of 4 orderers must agree"],
    "removeorderer": ["Take the orderer 127.0.0.1:7050 out of channel c", "2 of 3 orderers must agree"],
    "join": ["Let peer1.a.test join channel c"],
    "leave": ["Take channel c and its ledger off peer9.a.test", "away for a moment"],
    "install": ["Install trade_1 on peer0.a.test"],
    "define": [
        "Approve trade on channel c and put it in force, definition 3",
        "Must endorse: 2 of Alpha, BMSP, CMSP",
        "Sees tender: any of Alpha, BMSP",
        "Must endorse what is written to tender: all of Alpha, BMSP",
    ],
    "approve": ["Approve trade on channel c", "Alpha runs it and can endorse", "BMSP agrees and does not run it"],
}

LOST = (
    PrivateDataLoss("c", "peer9.a.test", "AMSP", ("trade/tender",), ("peer0.a.test", "peer1.a.test")),
    PrivateDataLoss("d", "peer9.a.test", "AMSP", (), ()),
)


@pytest.fixture
def show(client, log_in, bearer, ledgers):
    """Upload a document as somebody who audits; return the page."""
    ledgers.answers["Participants:list"] = b'[{"msp_id": "AMSP", "name": "Alpha", "roles": []}]'
    log_in(bearer("read", "audit")["Authorization"].removeprefix("Bearer "))

    def told(content: Any, *, language: str = "en", status: int = 200) -> str:
        sent = content if isinstance(content, bytes) else json.dumps(content).encode()
        data = {"file": FileStorage(io.BytesIO(sent), "update.json"), forms.FIELD: form_token(client)}
        # The client would write a large form to a disk.
        boundary, body = encode_multipart(data)
        kind, headers = f"multipart/form-data; boundary={boundary}", {"Accept-Language": language}
        answer = client.post("/console/network/changes", data=body, headers=headers, content_type=kind)
        assert answer.status_code == status, answer.text
        return str(answer.text)

    return told


def planned(name: str) -> dict[str, Any]:
    interrupts = "in English" if name in ("leave", "configure") else ""
    loses = LOST if name == "stopnodes" else ()
    step = PlannedStep(STEPS[name], ("AMSP", "BMSP") if name == "configure" else (), interrupts, loses)
    return ChangePlan((step,), (), ("channel d goes on",)).values()


def test_every_step_of_a_plan_has_words():
    kinds = {each.__name__.lower() for each in steps._Step.__subclasses__()}
    assert planwords.STEPS.keys() == kinds == STEPS.keys() == SAID.keys()


@pytest.mark.parametrize("name", STEPS)
def test_a_step_is_told_in_words(show, name):
    """What it does, from what to what, who sees and endorses afterwards, who signs, and what it interrupts."""
    page = show(planned(name))
    for words in SAID[name]:
        assert words in page
    assert ("Signed by the administrators of: Alpha, BMSP" in page) == (name == "configure")
    assert ("It interrupts nothing." in page) == (name not in ("leave", "configure"))
    assert ("May lose" in page) == (name == "stopnodes")
    assert ("--yes" in page) == STEPS[name].destructive
    assert "selat network apply" in page
    assert "channel d goes on" in page


def test_a_plan_is_told_in_the_readers_language(show):
    page = show(planned("define"), language="vi")
    assert "Thấy tender: bất kỳ bên nào trong Alpha, BMSP" in page
    assert "Sees tender" not in page


def test_a_plan_with_a_problem_has_no_next_command(show):
    """The file is changed first; nor is there one where nothing is to do."""
    page = show(ChangePlan((), ("channel c: the consensus is raft. Write raft.",)).values())
    assert "Write raft." in page
    assert "selat network apply" not in page
    idle = show(ChangePlan(()).values())
    assert "There is nothing to do" in idle
    assert "selat network apply" not in idle


@pytest.fixture
def nameless(app):
    """Begin a request by somebody whose register has no names."""
    with app.test_request_context():
        g.companies = {}
        yield


@pytest.mark.usefixtures("nameless")
def test_every_setting_of_a_channel_has_a_name(consortium):
    """No page shows the name that a consortium file has for it."""
    for name in {**channelwords.words(_configured(consortium).channel_group), **DEFINITION}:
        if name != "init_required":
            assert settingwords.name(name) != name, name


def _bent(values: Any) -> Any:
    """Yield copies of a document, each with one value of another kind or without it."""
    for path in _paths(values):
        for other in (None, 7, "x", [], {}, [1], {"a": 1}):
            made = copy.deepcopy(values)
            place = made
            for step in path[:-1]:
                place = place[step]
            if type(place[path[-1]]) is type(other):
                continue
            place[path[-1]] = other
            yield made


def _paths(values: Any, path: tuple[Any, ...] = ()) -> Any:
    items = values.items() if isinstance(values, dict) else enumerate(values) if isinstance(values, list) else ()
    for key, value in items:
        yield (*path, key)
        yield from _paths(value, (*path, key))


@pytest.mark.parametrize("name", ["configure", "define", "addorderer", "approve", "serve", "stopnodes"])
@pytest.mark.usefixtures("nameless")
def test_a_hostile_plan_is_refused_or_shown(name):
    """Whatever a value is, it is shown as text or refused by its name; nothing fails."""
    cures = set()
    for each in _bent(planned(name)):
        try:
            planwords.read(sentdocuments.SentDocument(json.dumps(each).encode(), "plan"))
        except errors.DocumentError as error:
            cures.add(error.cure)
    assert cures == {"Ask the organisation that made the plan for it again."}


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\x00",
        b"{}",
        b"[]",
        b'{"kind": "invitation", "format": 1}',
        b'{"kind": ["plan"], "format": 1}',
        b"[" * 5000,
    ],
)
def test_another_file_is_refused_with_the_cure(show, content):
    page = show(content)
    assert "This file cannot be used" in page
    assert "Ask the organisation that made" in page


def test_a_file_that_is_too_large_is_not_read(show):
    show(b" " * (uploads.MOST_BYTES + uploads._MORE), status=413)


def test_a_form_of_another_site_shows_nothing(client, log_in, bearer):
    log_in(bearer("read", "audit")["Authorization"].removeprefix("Bearer "))
    data = {"file": (io.BytesIO(b"{}"), "update.json")}
    answer = client.post("/console/network/changes", data=data, content_type="multipart/form-data")
    assert answer.status_code == 400


def _configured(consortium: Consortium, **more: Any) -> configtx_pb2.Config:
    block = consortium.genesis(**more)
    return channelconfig.config_of(channelconfig.config_envelope_of(block))[1].config


@pytest.fixture(scope="module")
def consortium() -> Consortium:
    """Make three members, two of which must sign."""
    return Consortium()


@pytest.fixture(scope="module")
def proposal(consortium) -> ChannelProposal:
    """Take a member out, on which members decide."""
    changed = _configured(consortium, members=("AMSP", "BMSP"))
    return ChannelProposal("trade", _configured(consortium), changed)


def signed(proposal: ChannelProposal, consortium: Consortium, *names: str) -> dict[str, Any]:
    made = {
        name: configupdate.config_signature(
            proposal.update, consortium[name].admin.serialized, consortium[name].admin.sign
        )
        for name in names
    }
    found = ChannelProposal(proposal.channel, proposal.original, proposal.changed, made)
    return {"kind": channelproposal.KIND, "format": 1, **found.values()}


def test_an_update_says_who_has_signed_and_who_is_missing(show, proposal, consortium):
    """More than half of three members: one has signed, one more is needed; then it can be submitted."""
    page = show(signed(proposal, consortium, "AMSP"))
    assert "CMSP is no member any more" in page
    assert "It waits for signatures" in page
    assert "1 more must sign" in page
    assert "BMSP: not yet" in page
    assert "Alpha: not yet" not in page
    assert "selat network sign update.json" in page
    page = show(signed(proposal, consortium, "AMSP", "BMSP"))
    assert "Enough organisations have signed" in page
    assert "selat network submit update.json" in page
    assert "more must sign" not in page


def test_a_signature_that_is_not_theirs_is_refused(show, proposal, consortium):
    """Of another organisation, over another update, or by somebody who is no admin."""
    made = signed(proposal, consortium, "AMSP")
    made["signatures"] = {"BMSP": made["signatures"]["AMSP"]}
    assert "the signature in the name of BMSP is not one of its over this update" in show(made)
    user = consortium["BMSP"].client
    made = signed(proposal, consortium)
    made["signatures"]["BMSP"] = sentdocuments.encoded(
        configupdate.config_signature(proposal.update, user.serialized, user.sign)
    )
    assert "does not know this key as an admin of BMSP" in show(made)
    made = signed(proposal, consortium, "AMSP")
    made["changes"] = ["nothing of importance"]
    assert "its words are not what its update does" in show(made)


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ("original", "It waits for signatures"),
        ("changed", "Channel trade is so already"),
        ("moved", "has changed since this was proposed"),
        ("other", "Sign nothing: this file says otherwise what channel trade is now"),
        (None, "Only the file was looked at"),
    ],
)
def test_an_update_is_compared_with_the_channel_as_it_is(show, ledgers, proposal, consortium, monkeypatch, now, said):
    """As one's own peer has it: an update does something else if the file conceals what the channel is."""
    monkeypatch.setattr(ownchannels, "known", lambda: ["trade"] if now else ["other"])
    present = configtx_pb2.Config()
    present.CopyFrom(proposal.changed if now == "changed" else proposal.original)
    application = present.channel_group.groups["Application"]
    if now == "moved":
        application.version += 1
    if now == "other":
        application.groups["DMSP"].CopyFrom(application.groups["BMSP"])
    ledgers.answers["GetConfigBlock"] = _config_block(present)
    assert said in show(signed(proposal, consortium, "AMSP"))


def _config_block(config: configtx_pb2.Config) -> bytes:
    block = common_pb2.Block()
    block.CopyFrom(Consortium().genesis())
    envelope = common_pb2.Envelope.FromString(block.data.data[0])
    payload = common_pb2.Payload.FromString(envelope.payload)
    payload.data = configtx_pb2.ConfigEnvelope(config=config).SerializeToString()
    envelope.payload = payload.SerializeToString()
    block.data.data[0] = envelope.SerializeToString()
    return bytes(block.SerializeToString())
