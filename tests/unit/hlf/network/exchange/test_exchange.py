"""Organisations that run one channel from folders with their own keys alone, on files that they send each other."""

from __future__ import annotations

import base64
import contextlib
import json
from pathlib import Path

import pytest

from hlf import errors, identity
from hlf.admin import lifecycle
from hlf.client import gateway
from hlf.network import admin, processes, state
from hlf.network.exchange import chaincodes, introductions, ownorganisation, proposals
from hlf.profile import Profile
from hlf.wire.config.channelproposal import ChannelProposal
from tests.unit.hlf.network.exchange.parties import Parties

ENGINES = ["embedded", pytest.param("native", marks=pytest.mark.native)]
FILE = """\
name: several
organisations:
  - {msp_id: AMSP, domain: a.test}
  - {msp_id: BMSP, domain: b.test}
  - {msp_id: CMSP, domain: c.test}
  - {msp_id: DMSP, domain: d.test}
channels:
  - name: c
    members: [%(members)s]
    batch: {timeout: %(timeout)s}
    policies: {%(policies)s}
servers:
  - name: lab
    command: ["{python}", -m, tests.support.lab]
    environment:
      {CHAINCODE_ID: "{package_id}", CHAINCODE_SERVER_ADDRESS: "{address}", CORE_PEER_LOCALMSPID: "{organisation}"}
    per_organisation: true
chaincodes:
  - {name: lab, channel: c, server: lab, version: "%(version)s", sequence: %(sequence)s, endorsement: "%(rule)s"}
"""
ANY = "OR('AMSP.peer', 'BMSP.peer', 'CMSP.peer')"
FIRST = {
    "members": "AMSP, BMSP, CMSP",
    "timeout": "20ms",
    "version": "1.0",
    "sequence": "1",
    "rule": ANY,
    "policies": "",
}
EVERYBODY = ("OrdererMSP", "AMSP", "BMSP", "CMSP", "DMSP")


@pytest.fixture(scope="module", params=ENGINES)
def parties(request, tmp_path_factory):
    """Three members and who orders, on a channel without a chaincode; a fourth has its folder, and is no member."""
    made = Parties(tmp_path_factory.mktemp(f"several-{request.param}"), FILE, FIRST)
    file = made.file()
    if request.param == "embedded":
        # Its peers are one process, which runs from a folder of its own; the admins have their parts of it.
        bare = made.place / "bare.yaml"
        bare.write_text(file.read_text().split("servers:")[0])
        admin.up("embedded", made.place / "machines", bare)
        for msp_id in EVERYBODY:
            made.does(msp_id, "render", "--organisation", msp_id, "--from", str(made.place / "machines"))
    else:
        for msp_id in EVERYBODY:
            made.does(msp_id, "render", "--organisation", msp_id, "--consortium", str(file))
        introduced = [f"--with={made.folder(msp_id)}/{msp_id}.introduction.json" for msp_id in EVERYBODY[1:4]]
        made.does("OrdererMSP", "invite", "c", made.sent("c.invitation"), *introduced)
        for msp_id in EVERYBODY[:4]:
            made.does(msp_id, "join", made.sent("c.invitation"))
    yield made
    for msp_id in (*EVERYBODY, "machines"):
        processes.stop(state.Folder(made.folder(msp_id)), timeout=5)


def test_no_folder_holds_a_key_of_another_organisation(parties):
    """Each has the keys of its own authorities, users and nodes; of the others it has certificates alone."""
    for msp_id in EVERYBODY:
        folder = state.Folder(parties.folder(msp_id))
        organisations = folder.organisation("any").parent
        keys = [each for each in folder.root.rglob("*") if each.name in ("key.pem", "client.key", "server.key")]
        own = [organisations / msp_id] + ([folder.root / "orderers"] if msp_id == "OrdererMSP" else [])
        assert keys
        assert [each for each in keys if not any(each.is_relative_to(place) for place in own)] == []
        for file in parties.place.glob("sent/*"):
            assert b"PRIVATE" not in file.read_bytes()


def test_three_bring_a_chaincode_to_an_empty_channel(parties, monkeypatch):
    """
    Each packages, installs and approves in its own name; then all three serve it.

    Too early a commit is refused, and so is one whose peer reaches none of the others.
    """
    file = str(parties.file())
    parties.does("AMSP", "chaincode-propose", "c", "lab", parties.sent("lab"), "--consortium", file)
    for msp_id in EVERYBODY[1:4]:
        package = parties.sent(f"{msp_id}.tar.gz")
        parties.does(msp_id, "up", "--consortium", file)
        parties.does(msp_id, "chaincode-package", "c", "lab", package)
        missing = ["chaincode-approve", parties.sent("lab"), "--package", package]
        parties.does(msp_id, *missing, refused="is not installed at")
        parties.does(msp_id, "chaincode-install", package)
        assert f"endorsement: {ANY}" in parties.does(msp_id, "chaincode-approve", parties.sent("lab"), "--plan")
        parties.does(msp_id, "chaincode-approve", parties.sent("lab"), "--package", package)
        if msp_id == "AMSP":
            parties.does("AMSP", "chaincode-commit", parties.sent("lab"), refused="has too few approvals: AMSP")
    told = parties.does("BMSP", "check-readiness", parties.sent("lab"))
    assert told.split() == ["approved", "AMSP", "approved", "BMSP", "approved", "CMSP"]
    with monkeypatch.context() as patch:
        patch.setattr(ownorganisation, "_GOSSIP_SECONDS", 0.0)
        patch.setattr(ownorganisation.OwnOrganisation, "_answering", lambda *_: None)
        alone = "reaches no peer of AMSP, BMSP, which would have to endorse as well"
        told = parties.does("CMSP", "chaincode-commit", parties.sent("lab"), refused=alone)
        assert "Ask its admin whether it runs, and whether its host and port are open to the others." in told
    parties.does("CMSP", "chaincode-commit", parties.sent("lab"))
    parties.does("CMSP", "chaincode-commit", parties.sent("lab"))
    assert parties.submits("BMSP", "put", "key", "value") == b"value"
    assert parties.asks("CMSP", "get", "key") == b"value"


def test_who_approves_sees_all_of_a_collection():
    """Its members, how long its values stay, who may read and write, and who endorses."""
    collection = lifecycle.Collection("secret", "OR('AMSP.member')", block_to_live=3, member_only_read=False)
    definition = lifecycle.Definition("lab", "1.0", 1, collections=(collection,))
    *_, said = chaincodes.ProposedDefinition("c", definition).words()
    assert said == (
        "collection secret: members OR('AMSP.member'), required_peer_count 0, max_peer_count 1, block_to_live 3, "
        "member_only_read False, member_only_write True"
    )


def test_the_next_version_is_served_beside_the_present_one(parties):
    """Until it is in force both servers run and the old one answers; afterwards the next `up` ends the old one."""
    file = str(parties.file("next.yaml", version="1.1", sequence="2"))
    parties.does("BMSP", "chaincode-propose", "c", "lab", parties.sent("next"), "--consortium", file)
    for msp_id in EVERYBODY[1:4]:
        package = parties.sent(f"{msp_id}-next.tar.gz")
        parties.does(msp_id, "up", "--consortium", file)
        parties.does(msp_id, "chaincode-package", "c", "lab", package)
        parties.does(msp_id, "chaincode-install", package)
        parties.does(msp_id, "chaincode-approve", parties.sent("next"), "--package", package)
        assert parties.servers(msp_id) == [f"chaincode-lab-{msp_id}", f"chaincode-lab-{msp_id}-2"]
        assert parties.asks(msp_id, "get", "key") == b"value"
    parties.does("AMSP", "chaincode-commit", parties.sent("next"))
    told = parties.does("BMSP", "chaincode-approve", parties.sent("lab"), refused="has 2 in force")
    assert "Propose it again with sequence 3" in told
    for msp_id in EVERYBODY[1:4]:
        assert parties.asks(msp_id, "get", "key") == b"value"
        told = parties.does(msp_id, "up")
        assert [each for each in told.split(", ") if "chaincode-" in each] == [f"chaincode-lab-{msp_id}-2\n"]
        assert parties.servers(msp_id) == [f"chaincode-lab-{msp_id}-2"]
        assert parties.asks(msp_id, "get", "key") == b"value"


def test_a_fourth_is_added_by_two_signatures(parties):
    """A majority of three signs where its keys are; the fourth joins by an invitation and runs the chaincode."""
    file = str(parties.file("four.yaml", members="AMSP, BMSP, CMSP, DMSP", version="1.1", sequence="2"))
    proposal = parties.sent("four")
    introduced = f"--with={parties.folder('DMSP')}/DMSP.introduction.json"
    told = parties.does("AMSP", "propose", "c", proposal, "--consortium", file, introduced)
    assert "member DMSP: not set -> its MSP has SHA-256" in told
    assert "/Channel/Application/DMSP: new" in told
    parties.does("AMSP", "submit", proposal, refused="has the signatures of nobody, and that is not enough")
    parties.does("DMSP", "sign", proposal, refused="DMSP is no organisation of channel c")
    parties.does("AMSP", "sign", proposal)
    parties.does("BMSP", "submit", proposal, refused="has the signatures of AMSP, and that is not enough")
    assert "signed by AMSP, BMSP" in parties.does("BMSP", "sign", proposal)
    assert "in force on c: " in parties.does("CMSP", "submit", proposal)
    parties.does("AMSP", "submit", proposal)
    parties.does("AMSP", "invite", "c", parties.sent("invitation"), "--consortium", file)
    parties.does("DMSP", "join", parties.sent("invitation"), "--consortium", file)
    package = parties.sent("DMSP.tar.gz")
    parties.does("DMSP", "chaincode-package", "c", "lab", package)
    parties.does("DMSP", "chaincode-install", package)
    parties.does("DMSP", "chaincode-approve", parties.sent("next"), "--package", package)
    assert parties.asks("DMSP", "get", "key") == b"value"


def at_present(parties):
    """Return who is a member by now, for the file, and what introduces the fourth to those who did not add it."""
    if not (parties.place / "four.yaml").exists():
        return {}, []
    return {"members": "AMSP, BMSP, CMSP, DMSP"}, [f"--with={parties.folder('DMSP')}/DMSP.introduction.json"]


def test_a_stale_proposal_is_refused(parties):
    """Of two that change the same, the second is refused after the first, with what to do."""
    members, introduced = at_present(parties)
    for name, timeout in (("first", "30ms"), ("second", "40ms")):
        wanted = str(parties.file(f"{name}.yaml", timeout=timeout, **members))
        parties.does("OrdererMSP", "propose", "c", parties.sent(name), "--consortium", wanted, *introduced)
        parties.does("OrdererMSP", "sign", parties.sent(name))
    parties.does("OrdererMSP", "submit", parties.sent("first"))
    told = parties.does("OrdererMSP", "submit", parties.sent("second"), refused="channel c has moved on")
    assert "Propose it again" in told
    parties.does("AMSP", "propose", "c", parties.sent("third"), "--consortium", wanted)
    assert "batch.timeout: 30ms -> 40ms" in parties.does("OrdererMSP", "sign", parties.sent("third"))


def test_one_folder_does_not_act_for_all(parties):
    """What needs the keys of others is refused with what to do instead; looking shows the own nodes."""
    for words in (["plan"], ["batch", "c", "--timeout", "1s"]):
        told = parties.does("AMSP", *words, refused="holds the keys of AMSP alone")
        assert "hlf network propose, sign, submit" in told
    assert "peer0.a.test" in parties.does("AMSP", "peers")
    assert "peer0.b.test" not in parties.does("AMSP", "peers")
    assert "c " in parties.does("AMSP", "channels")
    assert "AMSP" in parties.does("AMSP", "channel-info", "c")
    if state.existing(state.Folder(parties.folder("AMSP"))).engine:
        assert "height   c" in parties.does("AMSP", "status")
    parties.does("ZMSP", "render", "--organisation", "ZMSP", refused="the consortium file has no organisation ZMSP")
    parties.does("AMSP", "render", "--organisation", "BMSP", refused="holds the keys of AMSP")


TAMPERED = {
    "changes": (lambda values: [*values, "batch.timeout: 20ms -> 1s"], "its words are not what its update does"),
    "signatures": (lambda values: {"BMSP": next(iter(values.values()))}, "in the name of BMSP is not one of its"),
    "to": (lambda value: value[:-8] + value[-4:], ""),
    "channel": (lambda value: "C*", "holds a configuration that no channel would take"),
    "kind": (lambda value: "invitation", "is no proposal but a file of kind 'invitation'"),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_a_tampered_proposal_is_refused(parties, name):
    """Whoever changes a field of it after somebody signed is found out by everybody who reads it, without a network."""
    wanted = str(parties.file("tampered.yaml", timeout="77ms"))
    parties.does("AMSP", "propose", "c", parties.sent("tampered"), "--consortium", wanted)
    parties.does("AMSP", "sign", parties.sent("tampered"))
    file = Path(parties.sent("tampered"))
    values = json.loads(file.read_text())
    change, said = TAMPERED[name]
    values[name] = change(values[name])
    file.write_text(json.dumps(values))
    for command in ("sign", "submit"):
        parties.does("BMSP", command, str(file), refused=said or str(file))
    assert json.loads(file.read_text()) == values


def test_a_proposal_that_conceals_a_member_is_not_signed(parties):
    """Its words would be true of a channel without that member; on this one the same update puts the member out."""
    members, introduced = at_present(parties)
    wanted = str(parties.file("conceals.yaml", policies="Extra: OR('AMSP.admin')", **members))
    file = Path(parties.sent("conceals"))
    parties.does("AMSP", "propose", "c", str(file), "--consortium", wanted, *introduced)
    made = proposals.read(file)
    for each in (made.original, made.changed):
        del each.channel_group.groups["Application"].groups["CMSP"]
    forged = ChannelProposal("c", made.original, made.changed)
    assert "CMSP" not in str(forged.words())
    proposals.write(forged, file)
    said = "misstates what channel c has now (/Channel/Application/CMSP)"
    parties.does("BMSP", "sign", str(file), refused=said)
    assert proposals.read(file).signatures == {}
    for msp_id in ("AMSP", "BMSP"):
        parties.does(msp_id, "sign", str(file), "--offline")
    parties.does("AMSP", "submit", str(file), refused=said)


def test_a_proposal_for_another_channel_or_time_is_refused(parties):
    """A signature counts for one update of one channel: not for the same change elsewhere, and not a second time."""
    members, introduced = at_present(parties)
    once, back = (str(parties.file(f"{each}.yaml", timeout=each, **members)) for each in ("51ms", "52ms"))
    parties.does("AMSP", "propose", "c", parties.sent("once"), "--consortium", once, *introduced)
    parties.does("OrdererMSP", "sign", parties.sent("once"))
    file = Path(parties.sent("replayed"))
    values = json.loads(Path(parties.sent("once")).read_text())
    file.write_text(json.dumps(values | {"channel": "d"}))
    parties.does("AMSP", "sign", str(file), refused="the signature in the name of OrdererMSP is not one of its over")
    file.write_text(json.dumps(values | {"channel": "d", "signatures": {}}))
    parties.does("AMSP", "sign", str(file), refused="has no node that tells the configuration of channel d")
    parties.does("OrdererMSP", "submit", parties.sent("once"))
    parties.does("AMSP", "propose", "c", parties.sent("back"), "--consortium", back, *introduced)
    parties.does("OrdererMSP", "sign", parties.sent("back"))
    parties.does("OrdererMSP", "submit", parties.sent("back"))
    parties.does("OrdererMSP", "submit", parties.sent("once"), refused="channel c has moved on")


def test_an_introduction_with_another_root_is_refused(parties):
    """An organisation that is known is not replaced, nor one taken in that the own file does not have."""
    file = Path(parties.sent("b"))
    values = json.loads((parties.folder("BMSP") / "BMSP.introduction.json").read_text())
    mine = state.Folder(parties.folder("AMSP"))
    values["root"] = introductions.roots(mine, "CMSP")[0].read_text()
    file.write_text(json.dumps(values))
    wanted = str(parties.file())
    said = "names another identity root of BMSP than this folder knows"
    parties.does("AMSP", "invite", "c", parties.sent("no"), "--consortium", wanted, f"--with={file}", refused=said)
    file.write_text(json.dumps(values | {"msp_id": "../EMSP"}))
    said = "the consortium file here has no such organisation"
    parties.does("AMSP", "invite", "c", parties.sent("no"), "--consortium", wanted, f"--with={file}", refused=said)
    assert not Path(parties.sent("no")).exists()


def other(parties, *place):
    """Return a certificate from the folder of CMSP, which introduces neither BMSP nor who orders."""
    return state.Folder(parties.folder("CMSP")).organisation("CMSP").joinpath(*place).read_text()


HOSTILE = {
    "no ports": ("nodes", lambda _, value: {name: {} for name in value}, "names other ports of"),
    "a port that is none": ("nodes", lambda _, value: {name: {"listen": True} for name in value}, "has no ports in"),
    "nodes of others": (
        "nodes",
        lambda _, value: {f"../{name}": each for name, each in value.items()},
        "has the nodes ../",
    ),
    "a user as root": ("root", lambda parties, _: other(parties, "users", "User1", "cert.pem"), "no root of trust"),
    "two TLS roots": (
        "tls_root",
        lambda parties, value: value + other(parties, "tlsca", "cert.pem"),
        "has no certificate",
    ),
    "another's orderer": (
        "consenters",
        lambda parties, value: {
            name: dict.fromkeys(each, other(parties, "users", "Admin", "cert.pem")) for name, each in value.items()
        },
        "that its organisation has not issued",
    ),
    "too much": ("padding", lambda *_: "x" * (32 << 20), "is damaged"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_introduction_is_refused(parties, name):
    """Nothing of it gets into the folder that channels or connections would trust or stumble over later."""
    key, change, said = HOSTILE[name]
    values = json.loads((parties.folder("OrdererMSP") / "OrdererMSP.introduction.json").read_text())
    file = Path(parties.sent("hostile"))
    file.write_text(json.dumps(values | {key: change(parties, values.get(key))}))
    wanted = str(parties.file(**at_present(parties)[0]))
    before = state.existing(state.Folder(parties.folder("AMSP"))).ports
    command = ["invite", "c", parties.sent("no"), "--consortium", wanted, f"--with={file}"]
    parties.does("AMSP", *command, refused=said)
    assert state.existing(state.Folder(parties.folder("AMSP"))).ports == before
    assert not Path(parties.sent("no")).exists()


def test_a_hostile_invitation_is_refused(parties):
    """It speaks of the channel's organisations alone, with the roots of its block; a link is not written through."""
    members, introduced = at_present(parties)
    wanted = str(parties.file(**members))
    place = Path(parties.sent("linked"))
    target = parties.folder("AMSP") / "AMSP.introduction.json"
    kept = target.read_bytes()
    place.symlink_to(target)
    parties.does("AMSP", "invite", "c", str(place), "--consortium", wanted, *introduced)
    assert not place.is_symlink()
    assert target.read_bytes() == kept
    values = json.loads(place.read_text())
    strangers = json.loads((parties.folder("DMSP") / "DMSP.introduction.json").read_text())
    told = [each for each in values["organisations"] if each["msp_id"] != "DMSP"]
    file = str(parties.file("without.yaml"))
    place.write_text(json.dumps(values | {"organisations": [*told, strangers]}))
    said = "introduces 'DMSP', and in the consortium file here it has no part in channel c"
    parties.does("BMSP", "join", str(place), "--consortium", file, refused=said)
    told[0]["tls_root"] = other(parties, "tlsca", "cert.pem") if told[0]["msp_id"] != "CMSP" else "none"
    place.write_text(json.dumps(values | {"organisations": told}))
    said = f"introduces {told[0]['msp_id']} with another root than its block names"
    parties.does("BMSP", "join", str(place), "--consortium", file, refused=said)


def test_a_tampered_invitation_is_refused(parties):
    """Its words must be those of its block, and the block the one that this folder knows of the channel."""
    parties.does("AMSP", "invite", "c", parties.sent("inv"), "--consortium", str(parties.file()))
    file = Path(parties.sent("inv"))
    values = json.loads(file.read_text())
    file.write_text(json.dumps(values | {"says": ["batch.timeout: 1s"]}))
    parties.does("BMSP", "join", str(file), refused="its words are not what its block says")
    damaged = base64.b64encode(base64.b64decode(values["genesis"])[:-40]).decode()
    file.write_text(json.dumps(values | {"genesis": damaged}))
    parties.does("BMSP", "join", str(file), refused="holds no first block of a channel")


def test_an_organisation_revokes_its_own_user_alone(parties):
    """Its admin's signature is enough; the channel refuses the user from then on, and no other organisation's users."""
    user = identity.load_user(state.Folder(parties.folder("BMSP")).user("BMSP", "User1"), "BMSP")
    parties.does("AMSP", "user-revoke", "BMSP", "User1", refused="holds no key of the admin of BMSP")
    parties.does("BMSP", "user-revoke", "BMSP", "User9", refused="has no certificate of User9 of BMSP")
    assert "revoked User1 of BMSP on c\n" in parties.does("BMSP", "user-revoke", "BMSP", "User1")
    for msp_id, refused in (("BMSP", True), ("AMSP", False)):
        # It writes the profile, if nothing has before.
        parties.does(msp_id, "up")
        folder = state.Folder(parties.folder(msp_id))
        who = user if refused else identity.load_user(folder.user(msp_id, "User1"), msp_id)
        with gateway.connect(Profile.load(folder.profile(msp_id)), *who) as fabric:
            system = fabric.network("c").contract("qscc")
            with pytest.raises(errors.EvaluateError) if refused else contextlib.nullcontext():
                system.evaluate("GetChainInfo", "c")
