"""The daily acts of admins while clients write and read without a pause: nothing fails."""

from __future__ import annotations

import threading
from collections import Counter

import pytest
from click.testing import CliRunner

from hlf import errors, waiting
from hlf.client import gateway
from hlf.client.contract import Contract
from hlf.network import cli, processes, state
from tests.support.smallnetwork import SmallNetwork

MEMBERS = "OR('AMSP.member', 'BMSP.member')"
ACTS = (
    ["chaincode-upgrade", "c", "lab", "--version", "1.1"],
    ["collection", "c", "lab", "more", MEMBERS],
    ["chaincode-upgrade", "c", "lab", "--version", "1.2"],
    ["batch", "c", "--timeout", "30ms"],
    ["policy", "c", "Extra", "OR('AMSP.admin')"],
    ["channel-create", "further", "AMSP", "BMSP"],
    ["user-enrol", "AMSP", "clerk"],
    ["user-revoke", "AMSP", "clerk"],
    ["apply"],
    ["remove-organisation", "CMSP", "--yes"],
    ["renew", "peer1.a.test"],
    ["orderer-add", "OrdererMSP", "orderer1"],
    ["orderer-remove", "OrdererMSP", "orderer1", "--yes"],
)
# By Fabric's own rule what was endorsed before an upgrade is invalid after it, and two peers answer alike only when
# both have the block of it; a gateway hears of that by gossip, within a second or two. What a member has endorsed is
# invalid after that member's removal. A client sends such a transaction again.
_DIFFERING: tuple[str, ...] = ("do not match", "not installed on sufficient peers")
_TRIES = 60
_AGAIN = (errors.CommitError, errors.EndorseError)
# What an orderer that is started again had not put into a block yet is refused or lost; the client soon sends it again.
_LOST = (errors.SubmitError, errors.CommitStatusError)
_SOON = gateway.Timeouts(commit_status=10.0)


class Traffic:
    """A client that writes, and one that reads, until they are stopped; what failed is kept."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._ended = threading.Event()
        self.counted: Counter[str] = Counter()
        self.failures: list[str] = []
        # What Fabric may call a transaction that is to be sent again.
        self.invalid = {"MVCC_READ_CONFLICT"}
        self.differing = _DIFFERING
        self.lost: tuple[type[errors.GatewayError], ...] = ()
        self._clients = [threading.Thread(target=self._until_ended, args=(each,)) for each in (self._put, self._get)]

    def went_on_since(self, before: Counter[str]) -> bool:
        """Return whether something was written and something read since."""
        return all(self.counted[each] > before[each] for each in ("_put", "_get"))

    def _put(self) -> None:
        for left in reversed(range(_TRIES)):
            try:
                self._contract.submit("put", "key", "value")
            except (*_AGAIN, *self.lost) as refused:
                if not left or not self._of_a_change(refused):
                    raise
                self.counted["sent again"] += 1
                self._ended.wait(0.05)
            else:
                return

    def _of_a_change(self, refused: Exception) -> bool:
        if isinstance(refused, errors.CommitError):
            return refused.name in self.invalid
        return isinstance(refused, self.lost) or any(words in str(refused) for words in self.differing)

    def _get(self) -> None:
        assert self._contract.evaluate("get", "key") == b"value"

    def _until_ended(self, call) -> None:
        # A client that never pauses would only take the processor from the nodes.
        while not self._ended.wait(0.02):
            try:
                call()
            except self.lost:
                self.counted["lost"] += 1
                continue
            except (errors.HlfError, AssertionError) as failed:
                told = getattr(failed, "details", ())
                self.failures.append(f"{call.__name__}: {failed!r} {told}")
            self.counted[call.__name__] += 1

    def __enter__(self) -> Traffic:
        self._put()
        for each in self._clients:
            each.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for each in self._clients:
            each.join()


def grow(net: SmallNetwork) -> None:
    """Write another member of the channel into the file, for `apply` to add."""
    text = net.file.read_text().replace("[AMSP, BMSP]", "[AMSP, BMSP, CMSP]", 1)
    net.file.write_text(text.replace("channels:\n", "  - {msp_id: CMSP, domain: c.test}\nchannels:\n", 1))


ENGINES = ["embedded", pytest.param("native", marks=pytest.mark.native)]


@pytest.mark.parametrize("engine", ENGINES)
def test_nothing_fails_while_admins_act(engine, tmp_path):
    """Every read is answered and every write commits: the next version's server runs before anybody needs it."""
    net = SmallNetwork(engine, tmp_path / "state", tmp_path / "consortium.yaml")
    net.write()
    net.up()
    try:
        with net.connect() as fabric, Traffic(fabric.network("c").contract("lab")) as traffic:
            for words in ACTS:
                before = Counter(traffic.counted)
                if words == ["apply"]:
                    grow(net)
                if words[0] == "remove-organisation":
                    traffic.invalid.add("ENDORSEMENT_POLICY_FAILURE")
                place = [] if words[0] == "renew" else ["--consortium", str(net.file)]
                done = CliRunner().invoke(cli.network, [*words, "--state", str(net.root), *place])
                assert done.exit_code == 0, done.output
                traffic.invalid.discard("ENDORSEMENT_POLICY_FAILURE")
                assert traffic.failures == [], words
                assert traffic.went_on_since(before), words
        serving = [each.name for each in processes.find(state.Folder(net.root)) if each.name.startswith("chaincode-")]
        assert len(serving) == 2
    finally:
        processes.stop(state.Folder(net.root), timeout=5)


# A gateway's connections keep the roots that they were made with, so a first call over one may fail.
_STALE = "failed to collect enough transaction endorsements"
_THREE = "{consensus: raft, organisations: [{msp_id: OrdererMSP, domain: orderer.selat.test, orderers: 3}]}"


@pytest.mark.parametrize("engine", ENGINES)
def test_nothing_fails_while_an_organisation_gets_new_roots(engine, tmp_path):
    """Its peers start again one after the other, and others find each of them before the next one stops."""
    net = SmallNetwork(engine, tmp_path / "state", tmp_path / "consortium.yaml")
    net.write()
    _roll_under_traffic(net, "AMSP")


@pytest.mark.parametrize(
    ("engine", "orderers"),
    [
        pytest.param("embedded", _THREE, id="embedded-raft"),
        pytest.param("native", _THREE, id="native-raft", marks=pytest.mark.native),
        pytest.param("native", "bft", id="native-bft", marks=pytest.mark.native),
    ],
)
def test_nothing_fails_while_orderers_get_new_roots(engine, orderers, tmp_path):
    """
    They start again one after the other, and each takes part before the next one stops.

    Of an organisation with one orderer all peers follow, the client's own as well, which is then away for a moment.
    """
    net = SmallNetwork(engine, tmp_path / "state", tmp_path / "consortium.yaml")
    net.write(organisations=f"orderers: {orderers}\n")
    _roll_under_traffic(net, "OrdererMSP", lost=_LOST if orderers == _THREE else (errors.GatewayError,))


def _roll_under_traffic(net: SmallNetwork, msp_id: str, lost: tuple[type[errors.GatewayError], ...] = ()) -> None:
    net.up()
    try:
        with net.connect("BMSP", timeouts=_SOON) as fabric, Traffic(fabric.network("c").contract("lab")) as traffic:
            traffic.lost = lost
            traffic.differing += (_STALE,)
            for rest in (["--until", "trusted"], ["--until", "renewed"], []):
                before = Counter(traffic.counted)
                words = ["ca-roll", msp_id, "--yes", "--state", str(net.root), *rest]
                done = CliRunner().invoke(cli.network, words)
                assert done.exit_code == 0, done.output
                assert traffic.failures == [], rest
                assert waiting.until(lambda had=before: traffic.went_on_since(had), 60), rest
    finally:
        processes.stop(state.Folder(net.root), timeout=5)
