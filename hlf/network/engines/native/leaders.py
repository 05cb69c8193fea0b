"""The leaders of channels, and how many orderers follow them, by the orderers' metrics."""

from __future__ import annotations

import re
import urllib.request
from collections import Counter

from hlf import waiting
from hlf.network import errors
from hlf.network.state import Record
from hlf.network.topology import Consortium

# Raft says 1 at the node that leads the channel. BFT's leader says so only after its first block, but each of its nodes
# knows the leader's number, which is never 0.
_LEADS = re.compile(
    r'^consensus_(?:etcdraft_is_leader|BFT_leader_id)\{[^}]*channel="([^"]+)"[^}]*\} [1-9]\d*(?:\.0)?$', re.MULTILINE
)
# The leader of Raft counts those who answer it; the others report none.
_ANSWERED = re.compile(r'^consensus_etcdraft_active_nodes\{[^}]*channel="([^"]+)"[^}]*\} (\d+)(?:\.0)?$', re.MULTILINE)
_KNOWS = re.compile(r'^consensus_BFT_leader_id\{[^}]*channel="([^"]+)"[^}]*\} [1-9]\d*(?:\.0)?$', re.MULTILINE)
_SECONDS = 60.0


def wait(record: Record, consortium: Consortium) -> None:
    """
    Wait until each channel has a leader, by the metrics of the orderers' operations listeners.

    Until then every submit is refused; after a start an election takes about a
    second.

    Raises:
        ProcessError: a channel has none in time.
    """
    addresses = [record.address(orderer.name, "operations") for orderer in consortium.orderers]
    wanted = {channel.name for channel in consortium.channels}

    def missing() -> set[str]:
        return wanted - {channel for address in addresses for channel in led(_metrics(address))}

    if not waiting.until(lambda: not missing(), _SECONDS, every=0.05):
        raise errors.ProcessError(
            "orderers",
            f"no leader within {_SECONDS:g} s for {', '.join(sorted(missing()))}",
            "Their logs tell why; consensus needs more than half of them (BFT: more than two thirds).",
        )


def agreeing(record: Record, consortium: Consortium) -> dict[str, int]:
    """Return how many orderers take part in each channel's consensus, as far as the file's orderers tell."""
    told = [_metrics(record.address(orderer.name, "operations")) for orderer in consortium.orderers]
    found: Counter[str] = Counter()
    for metrics in told:
        for channel, count in _ANSWERED.findall(metrics):
            found[channel] = max(found[channel], int(count))
        found.update(set(_KNOWS.findall(metrics)))
    return found


def led(metrics: str) -> set[str]:
    """Return the channels that have a leader by the metrics of an orderer, in Prometheus' text form."""
    return set(_LEADS.findall(metrics))


def _metrics(address: str) -> str:
    try:
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=2) as answer:  # noqa: S310 - loopback
            text: str = answer.read().decode("utf-8", "replace")
            return text
    except OSError:
        return ""
