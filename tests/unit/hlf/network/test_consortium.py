"""The consortium file: what it says is read, and whatever is wrong with it is told with line, field and cure."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner

from chaincode.domain import channels
from hlf.network import errors, topology
from network import CONSORTIUM
from selat import cli

SMALL = """\
name: small
organisations:
  - {msp_id: AMSP, domain: a.test}
  - {msp_id: BMSP, domain: b.test}
channels:
  - {name: c, members: [AMSP, BMSP]}
"""


@pytest.fixture
def load(tmp_path):
    def load(text: str) -> topology.Consortium:
        file = tmp_path / "consortium.yaml"
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        return topology.load(file)

    return load


def test_selats_consortium_is_the_one_of_the_design():
    """Eight organisations, three channels, three chaincodes, one Raft orderer, and the tender's collection."""
    consortium = topology.load(CONSORTIUM)
    assert {channel.name: len(channel.members) for channel in consortium.channels} == {
        "ecommerce": 4,
        "logistics": 5,
        "trade": 8,
    }
    assert [orderer.msp_id for orderer in consortium.orderers] == ["OrdererMSP"]
    assert {each.name: each.channel for each in consortium.chaincodes} == {
        "commerce": "ecommerce",
        "carriage": "logistics",
        "trade": "trade",
    }
    (tender,) = next(each for each in consortium.chaincodes if each.name == "trade").collections
    assert tender.endorsement == "AND('PlatformMSP.peer', 'AuditorMSP.peer')"
    assert tender.member_only_read
    assert tender.member_only_write


def test_without_a_file_a_developer_gets_two_organisations_and_a_channel():
    """The library's default knows no trade: nothing is served, and everything has the names of Fabric's tutorials."""
    consortium = topology.load()
    assert [each.msp_id for each in consortium.organisations] == ["Org1MSP", "Org2MSP"]
    assert [(each.name, each.members) for each in consortium.channels] == [("mychannel", ("Org1MSP", "Org2MSP"))]
    assert (len(consortium.orderers), consortium.chaincodes, consortium.servers) == (1, (), ())


def test_the_commands_of_selat_start_selats_own(tmp_path):
    """What `selat network` takes without --consortium is not what the library takes."""
    done = CliRunner().invoke(cli.main, ["network", "render", "--state", str(tmp_path / "state")])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "state" / "consortium.yaml").read_bytes() == CONSORTIUM.read_bytes()


def test_contracts_and_gateway_know_the_channels_of_selats_consortium():
    """Whoever renames one there must rename it in `chaincode.domain.channels`, whence all others have it."""
    assert {(each.channel, each.name) for each in topology.load(CONSORTIUM).chaincodes} == set(channels.ALL)


def test_every_organisation_has_an_admin_and_a_user(load):
    """Admin and User1 exist without being listed."""
    for organisation in load(SMALL).organisations:
        assert [(user.name, user.role) for user in organisation.users] == [("Admin", "admin"), ("User1", "client")]


def test_bft_in_one_line_gives_four_orderers_of_four_organisations(load):
    """One word of the file changes the consensus, and nobody runs two of the four nodes."""
    ordering = load(SMALL + "orderers: bft\n").ordering
    assert ordering.consensus == topology.BFT
    assert len({organisation.msp_id for organisation in ordering.organisations}) == 4
    assert [len(organisation.orderers) for organisation in ordering.organisations] == [1, 1, 1, 1]


def test_text_is_what_was_typed(load):
    """YAML's guesses (NO is false, 1.0 is a float) do not change names, countries and versions."""
    consortium = load(
        SMALL.replace("domain: a.test", "domain: a.test, country: NO")
        + "chaincodes:\n  - {name: x, channel: c, version: 1.10, address: 127.0.0.1:9}\n"
    )
    assert consortium.organisations[0].country == "NO"
    assert consortium.chaincodes[0].version == "1.10"


def test_peers_as_a_number_or_by_name(load):
    """A number of peers, or a list with names and ports."""
    consortium = load(
        SMALL.replace("domain: a.test", "domain: a.test, peers: 2").replace(
            "domain: b.test", "domain: b.test, peers: [{name: left, port: 7051}]"
        )
    )
    assert [peer.name for peer in consortium.organisations[0].peers] == ["peer0.a.test", "peer1.a.test"]
    assert consortium.organisations[1].peers == (topology.Peer("left.b.test", "BMSP", 7051),)


def test_one_address_a_peer(load):
    """A chaincode's address may differ by organisation and by peer."""
    chaincode = "chaincodes:\n  - {name: x, channel: c, address: {AMSP: 'h:1', peer0.b.test: 'h:2'}}\n"
    assert load(SMALL + chaincode).chaincodes[0].addresses == {"AMSP": "h:1", "peer0.b.test": "h:2"}


def test_the_members_that_install_a_chaincode_may_be_fewer(load):
    """All members install it unless some are named."""
    text = SMALL + "chaincodes:\n  - {name: x, channel: c, address: 'h:1'"
    assert load(text + "}\n").chaincodes[0].installed_by == ("AMSP", "BMSP")
    assert load(text + ", installed_by: [BMSP]}\n").chaincodes[0].installed_by == ("BMSP",)


BROKEN = {
    "not a list": ("name: x\norganisations: 5\nchannels: []\n", 2, "organisations", "a list is wanted, not '5'"),
    "missing field": ("name: x\nchannels: []\n", 1, "", "'organisations' is missing"),
    "unknown field": (SMALL + "organizations: []\n", 7, "organizations", "Did you mean 'organisations'?"),
    "duplicate field": (SMALL + "name: y\n", 7, "", "'name' stands here twice"),
    "unknown member": (
        SMALL.replace("[AMSP, BMSP]", "[AMSP, CMSP]"),
        6,
        "channels[0].members[1]",
        "none of AMSP, BMSP",
    ),
    "member twice": (SMALL.replace("[AMSP, BMSP]", "[AMSP, AMSP]"), 6, "channels[0].members[1]", "stands here twice"),
    "organisation twice": (SMALL.replace("BMSP, domain", "AMSP, domain"), 4, "organisations[1]", "twice"),
    "shared domain": (SMALL.replace("b.test", "a.test"), 4, "organisations[1]", "domain a.test is taken"),
    "MSP id of an orderer": (SMALL.replace("AMSP", "OrdererMSP"), 3, "organisations[0]", "orderer organisation too"),
    "path as MSP id": (SMALL.replace("AMSP", '"../../etc"'), 3, "organisations[0].msp_id", "is not an MSP id"),
    "upper-case channel": (SMALL.replace("name: c,", "name: C,"), 6, "channels[0].name", "is not a channel name"),
    "port out of range": (
        SMALL.replace("domain: a.test", "domain: a.test, peers: [{name: p, port: 70000}]"),
        3,
        "organisations[0].peers[0].port",
        "70000 is outside 1 to 65535",
    ),
    "port twice": (
        SMALL.replace("domain: a.test", "domain: a.test, peers: [{name: p, port: 7051}, {name: q, port: 7051}]"),
        3,
        "organisations",
        "port 7051 is given to",
    ),
    "number as text": (
        SMALL.replace("members: [AMSP, BMSP]", "members: [[AMSP]]"),
        6,
        "channels[0].members[0]",
        "a list",
    ),
    "boolean of a collection": (
        SMALL + "chaincodes:\n- name: x\n  channel: c\n  address: 'h:1'\n  collections:\n"
        "  - {name: k, policy: OR('AMSP.member'), member_only_read: maybe}\n",
        12,
        "chaincodes[0].collections[0].member_only_read",
        "true or false is wanted",
    ),
    "server and address": (
        SMALL
        + "servers: [{name: s, command: [run]}]\nchaincodes: [{name: x, channel: c, server: s, address: 'h:1'}]\n",
        8,
        "chaincodes[0]",
        "exactly one of the two",
    ),
    "batch without a unit": (
        SMALL.replace("BMSP]}", "BMSP], batch: {timeout: 200}}"),
        6,
        "channels[0].batch.timeout",
        "is not a duration with a unit",
    ),
    "batch that waits for ever": (
        SMALL.replace("BMSP]}", "BMSP], batch: {timeout: 9999999h}}"),
        6,
        "channels[0].batch.timeout",
        "is longer than Fabric can count",
    ),
    "address of nobody": (
        SMALL + "chaincodes: [{name: x, channel: c, address: {CMSP: 'h:1'}}]\n",
        7,
        "chaincodes[0].address.CMSP",
        "no organisation that installs it",
    ),
    "address missing": (
        SMALL + "chaincodes: [{name: x, channel: c, address: {AMSP: 'h:1'}}]\n",
        7,
        "chaincodes[0].address",
        "no address is given for peer0.b.test",
    ),
    "too few for BFT": (
        SMALL + "orderers:\n  consensus: bft\n  organisations: [{msp_id: OMSP, domain: o.test, orderers: 3}]\n",
        9,
        "orderers.organisations",
        "BFT needs 4 orderers",
    ),
    "Admin that is none": (
        SMALL.replace("domain: a.test", "domain: a.test, users: [{name: Admin}]"),
        3,
        "organisations[0].users[0]",
        "Give it role: admin",
    ),
    "unknown MSP in a channel's policy": (
        SMALL.replace("BMSP]}", "BMSP], policies: {Endorsement: \"OR('AMSP.peer', 'BMPS.peer')\"}}"),
        6,
        "channels[0].policies.Endorsement",
        "it asks for BMPS, and no organisation of this file has that MSP id. Name some of AMSP, BMSP, OrdererMSP.",
    ),
    "rule over a policy nobody has": (
        SMALL.replace("BMSP]}", "BMSP], policies: {Endorsement: MAJORITY Endorsers}}"),
        6,
        "channels[0].policies.Endorsement",
        "members have no policy 'Endorsers'",
    ),
    "no policy": (
        SMALL.replace("BMSP]}", "BMSP], policies: {Endorsement: OR('AMSP.peer'}}"),
        6,
        "channels[0].policies.Endorsement",
        "is no policy",
    ),
    "access by a policy that is not there": (
        SMALL.replace("BMSP]}", "BMSP], acls: {event/Block: /Channel/Application/Admin}}"),
        6,
        "channels[0].acls.event/Block",
        "/Channel/Application has no policy 'Admin'",
    ),
    "access by a path to nowhere": (
        SMALL.replace("BMSP]}", "BMSP], acls: {event/Block: /Chanel/Application/Admins}}"),
        6,
        "channels[0].acls.event/Block",
        "leads to no policy",
    ),
    "unknown MSP in a chaincode's policy": (
        SMALL + "chaincodes: [{name: x, channel: c, address: 'h:1', endorsement: OR('CMSP.peer')}]\n",
        7,
        "chaincodes[0].endorsement",
        "it asks for CMSP",
    ),
    "endorsement by a channel policy that is not there": (
        SMALL + "chaincodes: [{name: x, channel: c, address: 'h:1', endorsement: /Channel/Application/Endorsers}]\n",
        7,
        "chaincodes[0].endorsement",
        "has no policy 'Endorsers'",
    ),
    "unknown MSP in a collection": (
        SMALL
        + "chaincodes:\n- {name: x, channel: c, address: 'h:1', collections: [{name: k, policy: OR('CMSP.member')}]}\n",
        8,
        "chaincodes[0].collections[0].policy",
        "it asks for CMSP",
    ),
    "members of a collection that are no OR": (
        SMALL
        + "chaincodes:\n- name: x\n  channel: c\n  address: 'h:1'\n"
        + "  collections: [{name: k, policy: \"AND('AMSP.member', 'BMSP.member')\"}]\n",
        11,
        "chaincodes[0].collections[0].policy",
        "an OR of organisations",
    ),
    "capability nobody has": (
        SMALL.replace("BMSP]}", "BMSP], capabilities: {channel: V3_1}}"),
        6,
        "channels[0].capabilities.channel",
        "'V3_1' is none of",
    ),
    "folder that is not there": (
        SMALL + "servers: [{name: s, command: [run], folder: nowhere}]\n",
        7,
        "servers[0].folder",
        "there is no folder",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_wrong_is_told_with_line_field_and_cure(load, name):
    """A new user finds the place and the way out without reading code."""
    text, line, field, words = BROKEN[name]
    with pytest.raises(errors.ConsortiumError, match=re.escape(words)) as refused:
        load(text)
    assert (refused.value.line, refused.value.field) == (line, field)
    assert str(refused.value).startswith(f"{refused.value.file}:{line}: ")


HOSTILE = {
    "tab": ("name: x\norganisations:\n\t- a\n", 3, "Indent with spaces"),
    "alias bomb": ("a: &a [x, x]\nb: &b [*a, *a]\nname: [*b, *b]\n", 1, "anchors"),
    "tag": ("name: !!python/object/apply:os.system ['true']\n", 1, "tag"),
    "deep": ("name: " + "[" * 30 + "]" * 30 + "\n", 1, "nested deeper"),
    # Newer versions of libyaml have a bound of their own, and meet it while they look ahead.
    "deep beyond the parser": ("name: " + "[" * 5000 + "]" * 5000 + "\n", 1, "nest"),
    "two documents": ("name: x\n---\nname: y\n", 2, "not YAML"),
    "not UTF-8": (b"name: x\nrole: \xff\n", 2, "not UTF-8"),
    "empty": ("", 0, "is empty"),
    "control character": ("name: \x01\n", 0, "not YAML"),
    "large": ("#" * (2 << 20), 0, "larger than 1 MiB"),
    "unclosed": ("name: [x\n", 2, "not YAML"),
    "mapping as key": ("{[a]: b}\n", 1, "not a list or a mapping"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_yaml_is_refused_before_it_costs_anything(load, name):
    """Nothing is constructed or expanded from the file, and the error says where."""
    text, line, words = HOSTILE[name]
    with pytest.raises(errors.ConsortiumError, match=re.escape(words)) as refused:
        load(text)
    assert refused.value.line == line


def test_a_missing_file_is_told_with_its_option(tmp_path):
    """The cure names the option that the path came from."""
    with pytest.raises(errors.ConsortiumError, match="--consortium"):
        topology.load(tmp_path / "none.yaml")


def test_the_text_of_the_file_is_kept(load):
    """The copy in the state folder is the file itself, comments included."""
    assert load(SMALL + "# said\n").source == SMALL + "# said\n"
    assert topology.load(CONSORTIUM).source == CONSORTIUM.read_text(encoding="utf-8")
