"""The daily acts of an admin: one command each, on the file and on the network, with a cure for each mistake."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from click.testing import CliRunner

from hlf import errors, identity
from hlf.client import gateway
from hlf.network import admin, channelconfig, cli, material, processes, state
from hlf.network import certificates as certificates_made
from hlf.network.admin import changing, inspection
from hlf.network.admin.keys import renewing, rolling
from hlf.profile import Profile
from hlf.wire import certificates
from tests.support.smallnetwork import SmallNetwork

ENGINES = ["embedded", pytest.param("native", marks=pytest.mark.native)]
MEMBERS = "OR('AMSP.member', 'BMSP.member')"
# Each command beside its mistakes, and what is said of them.
MISTAKES = [
    (["batch", "z", "--timeout", "1s"], "the file has no channel z. It has c"),
    (["batch", "c"], "no setting is given. Name one, such as --timeout 200ms"),
    (["batch", "c", "--timeout", "soon"], "'soon' is not a duration with a unit, such as 200ms or 2s"),
    (["policy", "z", "Extra", "ANY Admins"], "the file has no channel z"),
    (["policy", "c", "Extra", "ANY Body"], "members have no policy 'Body'"),
    (["policy", "c", "Extra", "OR('ZMSP.admin')"], "no organisation of this file has that MSP id. Name some of AMSP"),
    (["policy", "c", "Extra"], "either a rule or --remove is wanted"),
    (["policy", "c", "Extra", "--remove"], "cannot be edited at channels[name c].policies.Extra"),
    (["acl", "c", "qscc/GetChainInfo", "/Channel/Application/Bodies"], "has no policy 'Bodies'"),
    (["capability", "c", "application", "V9_9"], "'V9_9' is none of"),
    (["anchor", "ZMSP", "peer0"], "the file has no organisation ZMSP. It has AMSP, BMSP"),
    (["anchor", "AMSP", "peer7"], "'peer7' is none of peer0, peer1"),
    (["channel-create", "c", "AMSP"], "c stands in the list twice"),
    (["channel-create", "new", "ZMSP"], "'ZMSP' is none of AMSP, BMSP"),
    (["channel-create", "NEW", "AMSP"], "'NEW' is not"),
    (["channel-join", "c", "ZMSP"], "the file has no organisation ZMSP"),
    (["channel-join", "c", "BMSP"], "BMSP stands here twice"),
    (["remove-organisation", "ZMSP"], "the file has no organisation ZMSP"),
    (["remove-organisation", "BMSP"], "it asks for BMSP, and no organisation of this file has that MSP id"),
    (["remove-organisation", "BMSP", "--channel", "c"], "takes something away: update the configuration of channel c"),
    (["channel-leave", "z", "BMSP"], "the file has no channel z. It has c"),
    (["channel-leave", "c", "ZMSP"], "ZMSP is no member of channel c. It has AMSP, BMSP"),
    (["channel-leave", "c", "BMSP"], "takes something away: update the configuration of channel c; take peer0.b.test"),
    (["chaincode-upgrade", "c", "nothing"], "the file has no chaincode nothing. It has lab"),
    (["chaincode-upgrade", "c", "lab", "--endorsement", "AND("], "is no policy"),
    (["collection", "c", "lab", "more", "AND('AMSP.member', 'BMSP.member')"], "a collection's members are an OR"),
    (["user-enrol", "ZMSP", "clerk"], "the file has no organisation ZMSP"),
    (["user-enrol", "AMSP", "a b"], "'a b' is not a user's name"),
    (["user-enrol", "AMSP", "clerk", "--attribute", "desk"], "an attribute without a value"),
    (["orderer-add", "NewMSP", "orderer0"], "NewMSP has no orderer yet. Name its domain: --domain"),
    (["orderer-add", "OrdererMSP", "orderer0"], "OrdererMSP has an orderer orderer0 already"),
    (["orderer-remove", "OrdererMSP", "orderer7"], "no orderer orderer7 of OrdererMSP. It has orderer0 of OrdererMSP"),
    (["orderer-remove", "OrdererMSP", "orderer0"], "a channel needs an orderer, and this is the last"),
    (["peer-add", "ZMSP", "peer0"], "the file has no organisation ZMSP. It has AMSP, BMSP"),
    (["peer-add", "AMSP", "peer1"], "AMSP has a peer peer1 already"),
    (["peer-add", "AMSP", "Peer 9"], "is not a host name"),
    (["peer-remove", "AMSP", "peer7"], "the file has no peer peer7 of AMSP. It has peer0, peer1"),
    (["peer-remove", "BMSP", "peer0"], "peer0 is the last peer of BMSP"),
    (["peer-remove", "AMSP", "peer1"], "takes something away: stop peer1.a.test"),
    (["user-revoke", "AMSP", "nobody"], "has no certificate of nobody of AMSP. It has those of Admin, User1"),
    (["user-revoke", "AMSP", "Admin"], "Admin signs the updates of AMSP"),
]


@pytest.fixture(scope="module", params=ENGINES)
def net(request, tmp_path_factory):
    place = tmp_path_factory.mktemp(f"acts-{request.param}")
    net = SmallNetwork(request.param, place / "state", place / "consortium.yaml")
    net.write()
    net.up()
    yield net
    processes.stop(state.Folder(net.root), timeout=5)


def hlf(net: SmallNetwork, *words: str):
    """Run a command on the network's folder and its file."""
    return CliRunner().invoke(cli.network, [*words, "--state", str(net.root), "--consortium", str(net.file)])


@pytest.mark.parametrize(
    ("words", "said"), MISTAKES, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_a_mistake_is_named_with_its_cure_and_changes_nothing(net, words, said):
    """Neither the file nor the network is touched."""
    file, held = net.file.read_text(), state.Folder(net.root).consortium_file.read_text()
    told = hlf(net, *words)
    assert (told.exit_code, "Traceback" in told.output) == (1, False)
    assert said in told.output
    assert (net.file.read_text(), state.Folder(net.root).consortium_file.read_text()) == (file, held)
    assert admin.plan(net.root).steps == ()


def test_each_act_changes_file_and_network(net):
    """Afterwards the file describes what runs, and its comments are there still."""
    for words in (
        ["batch", "c", "--timeout", "30ms", "--max-messages", "7"],
        ["policy", "c", "Extra", "OR('AMSP.admin')"],
        ["acl", "c", "qscc/GetChainInfo", "Readers"],
        ["anchor", "AMSP", "peer1"],
        ["collection", "c", "lab", "more", MEMBERS, "--endorsement", "OR('AMSP.peer')"],
        ["user-enrol", "AMSP", "clerk", "--attribute", "desk=7"],
    ):
        done = hlf(net, *words)
        assert (done.exit_code, done.output.splitlines()[-1]) == (0, "done"), done.output
    found = inspection.channel("c", net.root)
    assert (found.settings["batch.timeout"], found.settings["batch.max_messages"]) == ("30ms", "7")
    assert found.settings["policies.Extra"] == "OR('AMSP.admin')"
    assert found.settings["acls.qscc/GetChainInfo"] == "Readers"
    assert [each.sequence for each in found.chaincodes] == [2]
    assert state.Folder(net.root).user("AMSP", "clerk").is_dir()
    assert "# As in the default consortium: nobody reads whole blocks" in net.file.read_text()
    assert admin.plan(net.root, net.file).steps == ()
    assert hlf(net, "policy", "c", "Extra", "--remove").exit_code == 0
    assert "policies.Extra" not in inspection.channel("c", net.root).settings


def test_two_commands_at_once_do_not_undo_each_other(net, monkeypatch):
    """The one that comes too late changes neither the file nor the network, whether the other still runs or not."""
    before = net.file.read_text()
    with state.alone(state.Folder(net.root)):
        late = hlf(net, "batch", "c", "--timeout", "70ms")
    assert "is being changed by another `hlf network` command. Wait until that one has ended." in late.output
    assert net.file.read_text() == before
    theirs = before + "# by another admin\n"
    plan = changing.plan

    def slowly(*given):
        net.file.write_text(theirs)
        return plan(*given)

    with monkeypatch.context() as patch:
        patch.setattr(changing, "plan", slowly)
        late = hlf(net, "policy", "c", "Late", "ANY Admins")
    assert "was changed by another command meanwhile. Run this one again." in late.output
    assert net.file.read_text() == theirs
    net.file.write_text(before)
    assert admin.plan(net.root).steps == ()


def test_a_file_that_cannot_be_edited_is_told_before_anybody_is_revoked(net):
    """Otherwise half of the act would be done."""
    words = ["user-revoke", "BMSP", "User1", "--state", str(net.root), "--consortium", str(net.root / "no.yaml")]
    assert "no.yaml: cannot be read" in CliRunner().invoke(cli.network, words).output
    assert state.Folder(net.root).user("BMSP", "User1").is_dir()


def test_an_admin_whose_certificate_has_ended_is_told_to_renew_it(net, monkeypatch):
    """Nodes only say that they refuse it."""
    with monkeypatch.context() as patch:
        patch.setattr(certificates_made, "SKEW", timedelta(days=3))
        patch.setattr(certificates_made, "VALIDITY", timedelta(days=2))
        renewing.renew(["AMSP/Admin"], net.root)
    assert "Renew it: hlf network renew AMSP/Admin" in hlf(net, "batch", "c", "--timeout", "70ms").output
    renewing.renew(["AMSP/Admin"], net.root)
    assert admin.plan(net.root).steps == ()


def test_a_plan_of_an_act_changes_nothing(net):
    """It shows the steps, and file and channel stay."""
    before = net.file.read_text()
    told = hlf(net, "channel-create", "further", "AMSP", "BMSP", "--plan")
    assert "create channel further with AMSP, BMSP" in told.output
    assert "nothing was changed" in told.output
    assert net.file.read_text() == before


def clerk_of(net: SmallNetwork, name: str) -> gateway.Gateway:
    folder = state.Folder(net.root)
    return gateway.connect(Profile.load(folder.profile("AMSP")), *identity.load_user(folder.user("AMSP", name), "AMSP"))


def test_a_revoked_user_is_refused_from_that_block_on(net):
    """Also on a channel that is made later; the other users go on, and the file has the user no more."""
    assert hlf(net, "user-enrol", "AMSP", "temp").exit_code == 0
    with clerk_of(net, "temp") as fabric:
        contract = fabric.network("c").contract("lab")
        assert contract.submit("put", "key", "mine") == b"mine"
        done = hlf(net, "user-revoke", "AMSP", "temp")
        assert (done.exit_code, done.output) == (0, "revoked temp of AMSP on c\n")
        with pytest.raises(errors.HlfError):
            contract.submit("put", "key", "again")
    with net.connect("AMSP") as fabric:
        assert fabric.network("c").contract("lab").evaluate("get", "key") == b"mine"
    assert "temp" not in net.file.read_text()
    assert admin.plan(net.root, net.file).steps == ()
    folder = state.Folder(net.root)
    consortium = state.held(folder)
    later = channelconfig.member(folder, state.existing(folder), consortium, "AMSP")
    (listed,) = [certificates.read_revocations(each) for each in later.revocation_lists]
    temp = folder.organisation("AMSP") / "revoked" / "temp-1" / "cert.pem"
    assert certificates.read(temp.read_bytes()).serial_number in listed.serial_numbers


def test_renewed_certificates_keep_their_keys(net):
    """A peer, the orderer and a user: other certificates that end later, and everything goes on."""
    folder = state.Folder(net.root)
    (orderer,) = state.held(folder).orderers
    place = folder.peer("BMSP", "peer0.b.test") / "msp" / "signcerts" / "cert.pem"
    former = certificates.read(place.read_bytes())
    told = CliRunner().invoke(
        cli.network, ["renew", "peer0.b.test", orderer.name, "AMSP/User1", "--state", str(net.root)]
    )
    assert told.exit_code == 0, told.output
    present = certificates.read(place.read_bytes())
    assert present.public_key.key == former.public_key.key
    assert present.serial_number != former.serial_number
    assert present.extensions == former.extensions
    assert admin.plan(net.root).steps == ()
    with net.connect("AMSP") as fabric:
        assert fabric.network("c").contract("lab").submit("put", "key", "renewed") == b"renewed"
    unknown = CliRunner().invoke(cli.network, ["renew", "peer9.b.test", "--state", str(net.root)])
    assert "has no node or user peer9.b.test. It has peer0.a.test" in unknown.output


def test_a_root_is_succeeded_by_another_and_nobody_is_left_out(net, monkeypatch):
    """Cut off in between, the same command goes on; then certificates of the old root are refused."""
    folder = state.Folder(net.root)
    with net.connect("AMSP") as fabric:
        assert fabric.network("c").contract("lab").submit("put", "key", "before") == b"before"
    place = folder.organisation("AMSP")
    former = (place / "ca" / "cert.pem").read_bytes()
    old_user = identity.load_user(folder.user("AMSP", "User1"), "AMSP")
    old_profile = Profile.load(folder.profile("AMSP"))
    words = ["ca-roll", "AMSP", "--state", str(net.root)]
    shown = CliRunner().invoke(cli.network, words)
    assert "let c trust old and new" in shown.output
    assert not any(material.is_being_succeeded(folder, "AMSP", kind) for kind in material.AUTHORITIES)
    with monkeypatch.context() as patch:
        patch.setattr(material, "succeed", _cut_off)
        with pytest.raises(KeyboardInterrupt):
            rolling.roll("AMSP", net.root)
    with gateway.connect(Profile.load(folder.profile("AMSP")), *old_user) as fabric:
        assert fabric.network("c").contract("lab").evaluate("get", "key") == b"before"
    done = CliRunner().invoke(cli.network, [*words, "--yes"])
    assert done.exit_code == 0, done.output
    assert "a new root of its identities and a new root of its TLS (begun already)" in done.output
    assert (place / "ca" / "cert.pem").read_bytes() != former
    assert (place / "ca-former-1" / "cert.pem").read_bytes() == former
    assert admin.plan(net.root).steps == ()
    assert hlf(net, "batch", "c", "--timeout", "40ms").exit_code == 0
    for msp_id in ("AMSP", "BMSP"):
        with net.connect(msp_id) as fabric:
            assert fabric.network("c").contract("lab").submit("put", "key", msp_id) == msp_id.encode()
    new_user = identity.load_user(folder.user("AMSP", "User1"), "AMSP")
    for profile, user in ((Profile.load(folder.profile("AMSP")), old_user), (old_profile, new_user)):
        with gateway.connect(profile, *user) as fabric, pytest.raises(errors.HlfError):
            fabric.network("c").contract("lab").evaluate("get", "key")


def test_a_roll_over_rests_so_that_clients_get_what_they_need(net):
    """At the first rest a profile names both roots of TLS; at the second one old and new certificates count."""
    folder = state.Folder(net.root)
    before = identity.load_user(folder.user("BMSP", "User1"), "BMSP")
    words = ["ca-roll", "BMSP", "--yes", "--state", str(net.root)]
    seen = []
    for rest in (["--until", "trusted"], ["--until", "renewed"], []):
        done = CliRunner().invoke(cli.network, [*words, *rest])
        assert done.exit_code == 0, done.output
        profile = Profile.load(folder.profile("BMSP"))
        trusted = certificates.read_all(profile.gateway.tls_ca_pem)
        user = identity.load_user(folder.user("BMSP", "User1"), "BMSP")
        answered = []
        for who in (before, user):
            with gateway.connect(profile, *who) as fabric:
                try:
                    fabric.network("c").contract("lab").submit("put", "key", "rest")
                    answered.append(True)
                except errors.HlfError:
                    answered.append(False)
        seen.append((len(trusted), user[0].serialized == before[0].serialized, answered))
    assert seen == [(2, True, [True, True]), (2, False, [True, True]), (1, False, [False, True])]


def test_a_roll_over_of_the_only_orderer_leaves_its_tls_as_it_is(net):
    """Raft does not let it exchange its certificate, and the plan says so, with the cure."""
    (orderer,) = state.held(state.Folder(net.root)).orderers
    place = state.Folder(net.root).organisation(orderer.msp_id)
    former = {kind: (place / kind / "cert.pem").read_bytes() for kind in material.AUTHORITIES}
    done = CliRunner().invoke(cli.network, ["ca-roll", orderer.msp_id, "--yes", "--state", str(net.root)])
    assert done.exit_code == 0, done.output
    assert "The root of TLS stays: c has no other orderer" in done.output
    assert "Add one first: hlf network orderer-add" in done.output
    present = {kind: (place / kind / "cert.pem").read_bytes() for kind in material.AUTHORITIES}
    assert {kind: present[kind] == former[kind] for kind in present} == {"ca": False, "tlsca": True}
    assert hlf(net, "batch", "c", "--timeout", "45ms").exit_code == 0


def _cut_off(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_peer_comes_and_another_one_goes(net):
    """The new one serves the channel's chaincode; the one that leaves is stopped, its ledger stays; others run on."""
    before = {each.name: each.pid for each in processes.find(state.Folder(net.root))}
    assert hlf(net, "peer-add", "BMSP", "peer1").exit_code == 0
    assert {each.name for each in inspection.peers(net.root) if "c" in each.heights} >= {"peer1.b.test"}
    done = hlf(net, "peer-remove", "BMSP", "peer0", "--yes")
    assert done.exit_code == 0, done.output
    place = re.escape("may lose private data of channel c at peer0.b.test")
    # An earlier test has added the collection `more`.
    kept = r"\(lab/both, (lab/more, )?the collections of BMSP alone\): peer1\.b\.test keeps"
    assert re.search(f"{place} {kept}", done.output), done.output
    after = {each.name: each.pid for each in processes.find(state.Folder(net.root))}
    assert {name: pid for name, pid in before.items() if after.get(name) != pid}.keys() <= {"peer0.b.test"}
    assert [each.name for each in inspection.peers(net.root) if each.msp_id == "BMSP"] == ["peer1.b.test"]
    assert inspection.channel("c", net.root).anchors["BMSP"] != ()
    assert state.Folder(net.root).peer("BMSP", "peer0.b.test").is_dir()
    assert admin.plan(net.root, net.file).steps == ()
    assert admin.status(net.root, heights=True).running
    with net.connect("BMSP") as fabric:
        assert fabric.network("c").contract("lab").submit("put", "key", "by peer1") == b"by peer1"
