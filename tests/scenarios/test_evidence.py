"""What an auditor takes home from a running network, and what it proves where there is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hlf.wire import keys
from selat.audit import audit
from tests.support.leaks import stands


class Auditor:
    """An auditor at a desk: the network's wallet, exports of two channels, and a folder."""

    def __init__(self, wallet: Path, folder: Path) -> None:
        self.wallet = wallet
        self.folder = folder
        self.genesis = wallet / "channels" / "trade.block"
        self.blocks = folder / "trade"

    def run(self, *words: object) -> Result:
        result = CliRunner().invoke(audit, [str(word) for word in words])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    def online(self, *words: object) -> Result:
        """Run a command that may ask the network."""
        return self.run(*words, "--wallet", self.wallet)

    def offline(self, *words: object) -> Result:
        """Run a command in a wallet that has nothing."""
        return self.run(*words)

    def file(self, name: str, content: object) -> Path:
        place = self.folder / name
        place.write_text(json.dumps(content))
        return place


@pytest.fixture(scope="module")
def auditor(stage, played, tmp_path_factory) -> Auditor:
    made = Auditor(stage.network.folder.root, tmp_path_factory.mktemp("desk"))
    exported = made.online("export", made.blocks, "--channel", "trade")
    assert exported.exit_code == 0, exported.output
    return made


@pytest.fixture(scope="module")
def committed(auditor, played) -> str:
    """Return the transaction that committed to the forecast, found by the key that its owner knows."""
    key = keys.composite_key("claim.document", [played.claim_id, "000001"])
    found = auditor.offline("search", auditor.blocks, "--key", key, "--format", "jsonl", "--code", "VALID")
    (line,) = found.output.splitlines()
    row = json.loads(line)
    assert (row["function"], row["endorsed_by"]) == ("Claims:commit", ["PlatformMSP"])
    return row["transaction_id"]


def test_what_a_carrier_was_told_binds_the_platform(auditor, cast, played, committed):
    """The recipient's two figures, and nothing else of the forecast, proved to anybody by one file."""
    told = auditor.file("told.json", cast.forwarder.get(f"/v1/disclosures/{played.grant_id}"))
    place = auditor.folder / "claim.json"
    made = auditor.offline("receipt", committed, auditor.blocks, "--disclosure", told, "--output", place)
    assert made.exit_code == 0, made.output
    checked = auditor.offline("check", place, "--trusted", auditor.genesis)
    assert checked.exit_code == 0, checked.output
    assert 'PlatformMSP committed to "demand.units_p50_h87" = ' in checked.output
    everything = cast.platform.get(f"/v1/forecasts/{played.claim_id}")["values"]
    disclosed = json.loads(auditor.offline("check", place, "--trusted", auditor.genesis, "--json").output)["disclosed"]
    assert disclosed.items() < everything.items()


def test_the_gateway_an_export_and_a_peer_give_one_receipt(auditor, cast, committed):
    """Whoever makes it, it is the same file, and proves by itself."""
    answer = cast.auditor.send("GET", f"/v1/audit/trade/transactions/{committed}/receipt")
    places = [auditor.folder / name for name in ("gateway.json", "export.json", "peer.json")]
    places[0].write_bytes(answer.content)
    auditor.offline("receipt", committed, auditor.blocks, "--output", places[1])
    auditor.online("receipt", committed, "--channel", "trade", "--output", places[2])
    assert len({place.read_bytes() for place in places}) == 1
    assert auditor.offline("check", places[0], "--trusted", auditor.genesis).exit_code == 0
    unknown = auditor.online("receipt", "0" * 64, "--channel", "trade", "--output", places[2])
    assert "has no transaction" in unknown.output


def test_a_checkpoint_holds_every_peer_to_the_past(auditor):
    """Signed from the export, with the auditor's identity; each organisation's peer is asked through its gateway."""
    place = auditor.folder / "checkpoint.json"
    made = auditor.online("checkpoint", "make", auditor.blocks, "--trusted", auditor.genesis, "--output", place)
    assert made.exit_code == 0, made.output
    assert "signed by AuditorMSP" in made.output
    peers = [word for msp_id in ("PlatformMSP", "ForwarderMSP", "CustomsMSP") for word in ("--peer", msp_id)]
    checked = auditor.online("checkpoint", "check", place, *peers, "--trusted", auditor.genesis)
    assert checked.exit_code == 0, checked.output
    assert checked.output.count(": agrees") == 4


def test_a_receipt_with_a_checkpoint_right_behind_it_needs_nobodys_word(auditor, committed):
    """The auditor signs at the very block; then the code is proved as well."""
    row = json.loads(
        auditor.offline(
            "search", auditor.blocks, "--format", "jsonl", "--function", "Claims:commit"
        ).output.splitlines()[0]
    )
    point = auditor.folder / "exact.json"
    auditor.online("checkpoint", "make", auditor.blocks, "--height", row["block"] + 1, "--output", point)
    place = auditor.folder / "exact-receipt.json"
    auditor.offline("receipt", row["transaction_id"], auditor.blocks, "--output", place)
    checked = auditor.offline("check", place, "--trusted", point, "--trusted", auditor.genesis)
    assert checked.exit_code == 0, checked.output
    assert "VALID, as the trusted checkpoint's state hash proves" in checked.output


def test_peers_and_exports_are_compared(auditor):
    """An export with a peer, two peers, and a channel that is not there."""
    same = auditor.online("compare", auditor.blocks, "PlatformMSP", "--channel", "trade")
    # Another test may have written meanwhile: then the export only ends earlier.
    assert same.exit_code in (0, 2), same.output
    assert "blocks 0 to " in same.output
    peers = auditor.online("compare", "PlatformMSP", "CustomsMSP", "--channel", "trade")
    assert "there is no difference" in peers.output
    assert auditor.online("compare", "PlatformMSP", "NobodyMSP", "--channel", "trade").exit_code == 1


def test_a_page_for_a_judge(auditor, cast, played):
    """It says what holds, and shows no private value."""
    place = auditor.folder / "report.html"
    made = auditor.offline("report", auditor.blocks, "--trusted", auditor.genesis, "--output", place)
    assert made.exit_code == 0, made.output
    text = place.read_text(encoding="utf-8")
    assert "The blocks hold" in text
    assert "Claims:commit" in text
    assert played.journey_id in text
    everything = cast.platform.get(f"/v1/forecasts/{played.claim_id}")["values"]
    assert not stands(everything["demand.units_p50_h87"], text)


def test_who_looked_is_shown_to_their_own_auditor(cast, committed):
    """A look through the gateway stands in the record of the organisation that looked."""
    cast.auditor.get(f"/v1/audit/trade/transactions/{committed}")
    own = cast.auditor.get("/v1/audit/accesses")["accesses"]
    assert any(each["subject"] == f"trade/{committed}" and each["status"] == 200 for each in own)
    others = cast.platform.get("/v1/audit/accesses")["accesses"]
    assert {each["request_id"] for each in own}.isdisjoint({each["request_id"] for each in others})
