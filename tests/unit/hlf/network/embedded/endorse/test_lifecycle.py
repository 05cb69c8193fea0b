"""The functions of ``_lifecycle``: the very writes of real peers, and their refusals."""

from __future__ import annotations

import types

import pytest
from fabric_protos.ledger.rwset import rwset_pb2
from fabric_protos.ledger.rwset.kvrwset import kv_rwset_pb2
from fabric_protos.peer import collection_pb2
from fabric_protos.peer.lifecycle import lifecycle_pb2

from hlf.network.engines.embedded.endorse import access, packages
from hlf.network.engines.embedded.endorse.lifecyclecalls.calls import LifecycleCalls
from hlf.network.engines.embedded.endorse.simulator import Simulator
from hlf.network.engines.embedded.endorse.transactions import SimulatedTransaction
from hlf.network.engines.embedded.state import lifecycle
from hlf.wire import policies
from hlf.wire.keys import hash_key
from hlf.wire.rwsets import Version
from tests.support import ccaas
from tests.support.goldennetwork import MEMBERS, arguments_of, bundle, results_of
from tests.support.snapshots import State

APPROVALS = {number: f"block-0000{number}-lifecycle-approve-org{number}.peer.pb" for number in (1, 2, 3)}
COMMIT = "block-00004-lifecycle-commit.peer.pb"


class Calls:
    """``_lifecycle`` at the peer of one organisation, over a state that the test sees."""

    def __init__(self, folder, state: State | None = None, msp_id: str = "Org1MSP") -> None:
        self.state = state or State()
        self.msp_id = msp_id
        self.peer = types.SimpleNamespace(
            name="peer0",
            msp_id=msp_id,
            local=None,
            packages=packages.PackageStore(folder, {}),
            channels=types.SimpleNamespace(joined=lambda _: []),
        )
        self.calls = LifecycleCalls(self.peer)

    def run(self, function: str, given) -> tuple[object, Simulator]:
        simulated = Simulator(self.state, "mychannel", MEMBERS, self.msp_id, "txid")
        asked = SimulatedTransaction("mychannel", "txid", "_lifecycle", None, None, bundle(), simulated)
        encoded = given if isinstance(given, bytes) else given.SerializeToString()
        return self.calls.run(asked, (function.encode(), encoded), None), simulated

    def refusal(self, function: str, given) -> str:
        response, _ = self.run(function, given)
        assert response.status == 500
        return response.message.removeprefix(f"failed to invoke backing implementation of '{function}': ")


@pytest.fixture(autouse=True)
def _everybody_may(monkeypatch):
    """Who may call is the conformance suite's question."""
    monkeypatch.setattr(access, "proposal_refusal", lambda *_: None)


@pytest.fixture
def committed() -> State:
    """Return the golden network with ``lab`` in force."""
    state = State(height=5)
    for number, name in APPROVALS.items():
        state.apply(results_of(name), number)
    state.apply(results_of(COMMIT), 4)
    return state


@pytest.mark.parametrize("number", APPROVALS)
def test_an_approval_leaves_what_a_real_peer_signed(tmp_path, number):
    """Every key, hash and read of the approving organisation's implicit collection, byte for byte."""
    calls = Calls(tmp_path, msp_id=f"Org{number}MSP")
    function, given = arguments_of(APPROVALS[number])
    response, simulated = calls.run(function.decode(), given)
    assert (response.status, response.payload) == (200, b"")
    assert simulated.results().public == results_of(APPROVALS[number])


def test_a_commitment_leaves_what_a_real_peer_signed(tmp_path):
    """The definition, and the hashes by which every organisation's agreement was judged."""
    state = State(height=4)
    for number, name in APPROVALS.items():
        state.apply(results_of(name), number)
    calls = Calls(tmp_path, state)
    function, given = arguments_of(COMMIT)
    response, simulated = calls.run(function.decode(), given)
    assert response.status == 200
    assert simulated.results().public == results_of(COMMIT)


def test_what_was_committed_is_read_back(committed):
    """Sequence, policy and collections as the golden network put them in force."""

    def read(key: str) -> bytes | None:
        found = committed.state(lifecycle.NAMESPACE, key)
        return None if found is None else found[0]

    found = lifecycle.definition(read, "lab")
    assert (found.sequence, found.version, found.init_required) == (1, "1.0", False)
    assert [config.name for config in found.static_collections] == ["org12", "org12open"]
    assert lifecycle.definition(read, "nosuch") is None


def test_damaged_state_is_an_error_with_its_key(committed):
    """A damaged ledger is told by name, not by a crash."""
    key = lifecycle.field_key(lifecycle.NAMESPACES, "lab", "Collections")
    committed.put(lifecycle.NAMESPACE, key, b"\xff\xff")

    def read(name: str) -> bytes | None:
        return committed.public[lifecycle.NAMESPACE, name][0]

    with pytest.raises(lifecycle.LayoutError, match="namespaces/fields/lab/Collections"):
        lifecycle.definition(read, "lab")


def test_readiness_names_what_an_organisation_differs_in(tmp_path, committed):
    """Approvals are judged by hash alone, so any organisation's peer can tell, field by field."""
    key = lifecycle.field_key(lifecycle.NAMESPACES, "lab#2", "EndorsementInfo")
    calls = Calls(tmp_path, committed)
    _approve(calls, "Org1MSP", version="2.0")
    given = lifecycle_pb2.CheckCommitReadinessArgs(name="lab", sequence=2, version="2.1")
    given.collections.CopyFrom(_collections())
    response, _ = calls.run("CheckCommitReadiness", given)
    found = lifecycle_pb2.CheckCommitReadinessResult.FromString(response.payload)
    assert dict(found.approvals) == dict.fromkeys(MEMBERS, False)
    assert list(found.mismatches["Org1MSP"].items) == ["EndorsementInfo"]
    assert list(found.mismatches["Org2MSP"].items) == ["ChaincodeParameters"]
    assert ("_lifecycle", "_implicit_org_Org1MSP", hash_key(key.encode())) in committed.hashes


def _collections() -> collection_pb2.CollectionConfigPackage:
    _, given = arguments_of(APPROVALS[1])
    return lifecycle_pb2.ApproveChaincodeDefinitionForMyOrgArgs.FromString(given).collections


def _approve(calls: Calls, msp_id: str, **more) -> None:
    """Approve sequence 2 and commit the approval to the test's state, values and all."""
    given = lifecycle_pb2.ApproveChaincodeDefinitionForMyOrgArgs(name="lab", sequence=2, **more)
    given.collections.CopyFrom(_collections())
    response, simulated = calls.run("ApproveChaincodeDefinitionForMyOrg", given)
    assert response.status == 200, response.message
    results = simulated.results()
    calls.state.apply(results.public, 5)
    (namespace,) = rwset_pb2.TxPvtReadWriteSet.FromString(results.private).ns_pvt_rwset
    (collection,) = namespace.collection_pvt_rwset
    assert collection.collection_name == f"_implicit_org_{msp_id}"
    for write in kv_rwset_pb2.KVRWSet.FromString(collection.rwset).writes:
        place = (msp_id, namespace.namespace, collection.collection_name, write.key)
        calls.state.values[place] = (write.value, Version(5, 0))


def test_the_newest_approval_is_the_one_asked_for(tmp_path, committed):
    """Without a sequence, an approval for the next definition is found before that of the present one."""
    calls = Calls(tmp_path, committed)
    _approve(calls, "Org1MSP", version="2.0")
    response, _ = calls.run(
        "QueryApprovedChaincodeDefinition", lifecycle_pb2.QueryApprovedChaincodeDefinitionArgs(name="lab")
    )
    found = lifecycle_pb2.QueryApprovedChaincodeDefinitionResult.FromString(response.payload)
    assert (found.sequence, found.version, found.source.WhichOneof("Type")) == (2, "2.0", "unavailable")
    listed, _ = calls.run("QueryApprovedChaincodeDefinitions", lifecycle_pb2.QueryApprovedChaincodeDefinitionsArgs())
    everything = lifecycle_pb2.QueryApprovedChaincodeDefinitionsResult.FromString(listed.payload)
    assert [(one.name, one.sequence) for one in everything.approved_chaincode_definitions] == [("lab", 2)]


def test_an_approval_is_not_repeated_unchanged(tmp_path, committed):
    """The second one would be a transaction that writes nothing."""
    calls = Calls(tmp_path, committed)
    _approve(calls, "Org1MSP", version="2.0")
    given = lifecycle_pb2.ApproveChaincodeDefinitionForMyOrgArgs(name="lab", sequence=2, version="2.0")
    given.collections.CopyFrom(_collections())
    assert calls.refusal("ApproveChaincodeDefinitionForMyOrg", given) == (
        "attempted to redefine uncommitted sequence (2) for namespace lab with unchanged content"
    )


def approval(**fields) -> lifecycle_pb2.ApproveChaincodeDefinitionForMyOrgArgs:
    return lifecycle_pb2.ApproveChaincodeDefinitionForMyOrgArgs(
        **{"name": "lab", "sequence": 2, "version": "2.0", "collections": _collections(), **fields}
    )


def with_collection(**fields) -> collection_pb2.CollectionConfigPackage:
    package = _collections()
    config = package.config.add().static_collection_config
    config.name = "more"
    members = fields.pop("members", "OR('Org1MSP.member')")
    config.member_orgs_policy.signature_policy.CopyFrom(policies.from_dsl(members))
    for name, value in fields.items():
        setattr(config, name, value)
    return package


INVALID = "error validating chaincode definition: "
REFUSED = {
    "sequence 0": (
        approval(name="fresh", sequence=0),
        "requested sequence is 0, but first definable sequence number is 1",
    ),
    "a past sequence": (approval(sequence=0), "currently defined sequence 1 is larger than requested sequence 0"),
    "a skipped sequence": (
        approval(sequence=3),
        "requested sequence 3 is larger than the next available sequence number 2",
    ),
    "the present one changed": (
        approval(sequence=1),
        "attempted to redefine the current committed sequence (1) for namespace lab with different parameters: "
        "expected Version '1.0' does not match passed Version '2.0'",
    ),
    "a bad name": (
        approval(name="-lab"),
        INVALID + "invalid chaincode name '-lab'. Names can only consist of alphanumerics, '_', and '-' and can only "
        "begin with alphanumerics",
    ),
    "a built-in name": (approval(name="qscc"), INVALID + "chaincode name 'qscc' is the name of a system chaincode"),
    "a bad version": (
        approval(version="1 0"),
        INVALID + "invalid chaincode version '1 0'. Versions can only consist of alphanumerics, '_', '-', '+', and '.'",
    ),
    "collections left out": (
        approval(collections=None),
        INVALID + "the proposed collection config does not contain previously defined collections",
    ),
    "a collection's bad name": (
        approval(collections=with_collection(name="_more")),
        INVALID + "invalid collection name '_more'. Names can only consist of alphanumerics, '_', and '-' and cannot "
        "begin with '_'",
    ),
    "a collection twice": (
        approval(collections=with_collection(name="org12")),
        INVALID + "collection-name: org12 -- found duplicate in collection configuration",
    ),
    "a collection of strangers": (
        approval(collections=with_collection(members="OR('NopeMSP.member')")),
        INVALID + "collection-name: more -- collection member 'NopeMSP' is not part of the channel",
    ),
    "a collection of several together": (
        approval(collections=with_collection(members="AND('Org1MSP.member','Org2MSP.member')")),
        INVALID + "collection-name: more -- error in member org policy: signature policy is not an OR concatenation, "
        "NOutOf 2",
    ),
    "fewer peers than required": (
        approval(collections=with_collection(required_peer_count=2, maximum_peer_count=1)),
        INVALID + "collection-name: more -- maximum peer count (1) cannot be less than the required peer count (2)",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_definition_that_cannot_stand_is_refused(tmp_path, committed, name):
    """In Fabric's words, before anything is written."""
    given, words = REFUSED[name]
    assert Calls(tmp_path, committed).refusal("ApproveChaincodeDefinitionForMyOrg", given) == words


def test_a_life_time_of_private_data_stays(tmp_path, committed):
    """Values written for three blocks must not live for ever after an upgrade."""
    package = _collections()
    package.config[1].static_collection_config.block_to_live = 4
    words = Calls(tmp_path, committed).refusal("ApproveChaincodeDefinitionForMyOrg", approval(collections=package))
    assert words == (INVALID + "the BlockToLive in an existing collection [org12open] modified. Existing value [3]")


@pytest.mark.parametrize(
    "function",
    [
        "InstallChaincode",
        "QueryInstalledChaincode",
        "GetInstalledChaincodePackage",
        "ApproveChaincodeDefinitionForMyOrg",
        "QueryApprovedChaincodeDefinition",
        "CheckCommitReadiness",
        "CommitChaincodeDefinition",
        "QueryChaincodeDefinition",
    ],
)
def test_garbage_is_refused(tmp_path, function):
    """Arguments come from outside; none of them is an exception."""
    assert Calls(tmp_path).refusal(function, b"\xff\xff") == (
        f"could not decode input arg for *lifecycle.Invocation.{function}: proto: cannot parse invalid wire-format data"
    )


def test_what_was_installed_is_listed_and_handed_out(tmp_path):
    """By id, with its label, and byte for byte."""
    calls = Calls(tmp_path)
    content = ccaas.package("trade_1")
    given = lifecycle_pb2.InstallChaincodeArgs(chaincode_install_package=content)
    response, _ = calls.run("InstallChaincode", given)
    package_id = lifecycle_pb2.InstallChaincodeResult.FromString(response.payload).package_id
    listed, _ = calls.run("QueryInstalledChaincodes", lifecycle_pb2.QueryInstalledChaincodesArgs())
    (found,) = lifecycle_pb2.QueryInstalledChaincodesResult.FromString(listed.payload).installed_chaincodes
    assert (found.package_id, found.label) == (package_id, "trade_1")
    asked = lifecycle_pb2.GetInstalledChaincodePackageArgs(package_id=package_id)
    handed, _ = calls.run("GetInstalledChaincodePackage", asked)
    result = lifecycle_pb2.GetInstalledChaincodePackageResult.FromString(handed.payload)
    assert result.chaincode_install_package == content


def test_a_package_that_is_not_there_is_not_found(tmp_path):
    """Fabric means to answer 404 here, and answers 500 all the same."""
    asked = lifecycle_pb2.GetInstalledChaincodePackageArgs(package_id="nope:1")
    response, _ = Calls(tmp_path).run("GetInstalledChaincodePackage", asked)
    assert response.status == 500
    assert response.message.endswith("could not load cc install package: chaincode install package 'nope:1' not found")
