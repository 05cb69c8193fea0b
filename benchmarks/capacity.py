"""
What a large consortium needs, computed from what single transactions cost.

``python -m benchmarks.capacity --organisations 50 --parcels 1000000`` prints the plan; each number of the load is an
option. The costs are measured by ``make bench ENGINE=native ONLY=trade``; ``docs/capacity.md`` explains the model.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import click

_DAY = 86_400
_GIGABIT = 125e6


MEASURED_PEERS = 8
COMMERCE_PEERS = 4


@dataclass(frozen=True)
class ActKind:
    """
    One act of the trade: what it is made of, and what one costs in a consortium of eight organisations.

    Attributes:
        transactions, endorsements: of one act, all together.
        kibibytes: what it adds to the blocks.
        peers, orderers, chaincode, client: milliseconds of processor, each added up over all such programs.
        by_majority: whether a majority of all members endorses it, however many they are.
        committers: the peers that commit it.
    """

    transactions: int
    endorsements: int
    kibibytes: float
    peers: float
    orderers: float
    chaincode: float
    client: float
    by_majority: bool = False
    committers: int = MEASURED_PEERS

    def among(self, organisations: int) -> ActKind:
        """Return what one costs among so many organisations."""
        more = organisations // 2 + 1 - self.endorsements if self.by_majority else 0
        if more <= 0:
            return self
        endorsements = self.endorsements + more
        return dataclasses.replace(
            self,
            endorsements=endorsements,
            kibibytes=self.kibibytes + more * ENDORSEMENT,
            chaincode=self.chaincode * endorsements / self.endorsements,
        )


ENDORSEMENT = 1.0
"""Kibibytes of an endorsement in a block: a certificate and a signature."""

ORDER, JOURNEY, EVENT, HAND_OVER = "order", "journey", "event", "hand-over"
COSTS: dict[str, ActKind] = {
    ORDER: ActKind(3, 6, 16.8, 69.2, 4.69, 16.3, 10.6, committers=COMMERCE_PEERS),
    JOURNEY: ActKind(1, 5, 16.1, 291.0, 6.09, 73.0, 4.08, by_majority=True),
    EVENT: ActKind(1, 1, 11.1, 46.9, 3.28, 5.51, 2.97),
    HAND_OVER: ActKind(2, 3, 11.5, 98.7, 4.37, 16.7, 6.53),
}
"""Medians on Fabric 3.1.5 with Raft, 32 callers, two processors; benchmarks/README.md has the run."""


@dataclass(frozen=True)
class Load:
    """
    What a consortium does in a day.

    Attributes:
        organisations: members of the channels, with *peers* peers each.
        parcels: a day.
        rush: how many times the mean the busiest hour has.
        parcels_in_order, parcels_in_container: the mean of each.
        own_events, own_hand_overs: of a parcel by itself; *shared_events* and *shared_hand_overs* are recorded once
            for a container and everything inside.
        returned: the share of parcels that come back; each takes *return_transactions* further ones like an event.
        busiest: the share of all endorsements that the busiest organisation gives.
        channels: how many channels share the journeys, each with all organisations.
        kept: days that a peer keeps its blocks for.
        disk: terabytes of a peer's disk.
        processors: of a peer, and of an orderer.
        gigabits: of an orderer's network.
        seconds: how long a transaction is under way.
    """

    organisations: int = 50
    peers: int = 2
    parcels: int = 1_000_000
    rush: float = 3.0
    parcels_in_order: float = 1.4
    parcels_in_container: int = 200
    own_events: int = 5
    own_hand_overs: int = 1
    shared_events: int = 15
    shared_hand_overs: int = 2
    returned: float = 0.08
    return_transactions: int = 7
    busiest: float = 0.25
    channels: int = 1
    kept: int = 365
    disk: float = 8.0
    processors: int = 16
    gigabits: float = 10.0
    seconds: float = 1.0

    def acts(self) -> dict[str, float]:
        """Return how many acts of each kind a mean day has."""
        containers = self.parcels / self.parcels_in_container
        orders = self.parcels / self.parcels_in_order
        returns = self.parcels * self.returned * self.return_transactions
        return {
            ORDER: orders,
            JOURNEY: orders,
            EVENT: self.parcels * self.own_events + containers * self.shared_events + returns,
            HAND_OVER: self.parcels * self.own_hand_overs + containers * self.shared_hand_overs,
        }


@dataclass(frozen=True)
class CapacityNeed:
    """One line of the plan; *share* is how much of what there is it takes, if that has an end."""

    name: str
    amount: float
    unit: str
    share: float | None = None


def commit(costs: dict[str, ActKind] = COSTS) -> float:
    """
    Return the processor milliseconds of one peer for committing one transaction.

    Every peer commits a transaction and some endorse it: ``peers = committers * transactions * commit + endorsements *
    endorse``. An event and a hand-over have endorsements of one kind, so the two equations give both.
    """
    one, other = costs[EVENT], costs[HAND_OVER]
    a, b = one.committers * one.transactions, other.committers * other.transactions
    found = one.peers * other.endorsements - other.peers * one.endorsements
    return found / (a * other.endorsements - b * one.endorsements)


def endorsing(kind: ActKind, costs: dict[str, ActKind] = COSTS) -> float:
    """Return the processor milliseconds of a peer for one endorsement: what the commits leave of its peers' time."""
    left = kind.peers - kind.committers * kind.transactions * commit(costs)
    return max(0.0, left) / kind.endorsements


def plan(load: Load, costs: dict[str, ActKind] = COSTS) -> Iterator[CapacityNeed]:
    """Yield what *load* needs, from the transactions to what each program has to bear in the busiest hour."""
    acts = load.acts()
    committing = commit(costs)
    endorse = {name: endorsing(kind, costs) for name, kind in costs.items()}
    costs = {name: kind.among(load.organisations) for name, kind in costs.items()}

    def daily(field: str) -> float:
        return sum(acts[name] * float(getattr(costs[name], field)) for name in acts)

    rush = load.rush / _DAY
    transactions = daily("transactions") * rush
    written = daily("kibibytes") * 1024
    trade = transactions - acts[ORDER] * costs[ORDER].transactions * rush
    yield CapacityNeed("transactions of a day", daily("transactions") / 1e6, "million")
    yield CapacityNeed("transactions, busiest hour", transactions, "/s")
    yield CapacityNeed("blocks of a day, at each peer and orderer", written / 1e9, "GB")
    stored = written * load.kept / 1e12
    yield CapacityNeed(f"blocks of {load.kept} days, at each peer", stored, "TB", stored / load.disk)
    serial = trade / load.channels * committing / 1000
    yield CapacityNeed("commits of one channel, one after another", serial, "processors", serial)
    peer = transactions * committing / 1000
    yield CapacityNeed("commits of all channels, at each peer", peer, "processors", peer / load.processors)
    signing = sum(acts[name] * costs[name].endorsements * endorse[name] for name in acts) * rush * load.busiest / 1000
    runs = daily("chaincode") * rush * load.busiest / 1000
    yield CapacityNeed(
        "endorsements of the busiest organisation, with its chaincode",
        signing + runs,
        "processors",
        (signing + runs) / (load.peers * load.processors),
    )
    orders = daily("orderers") * rush / 1000
    yield CapacityNeed("the leading orderer", orders, "processors", orders / load.processors)
    out = written * rush * load.organisations / _GIGABIT
    yield CapacityNeed("blocks to one peer of each organisation", out, "Gbit/s", out / load.gigabits)
    waiting = transactions * load.busiest / load.peers * load.seconds
    yield CapacityNeed("calls under way at a peer of the busiest organisation", waiting, "calls", waiting / 500)
    clients = daily("client") * rush * load.busiest / 1000
    yield CapacityNeed("clients of the busiest organisation", clients, "processors")


def table(load: Load, costs: dict[str, ActKind] = COSTS) -> Iterator[str]:
    """Yield the plan as lines of text, and last what breaks first."""
    needs = list(plan(load, costs))
    for need in needs:
        share = "" if need.share is None else f"{need.share:8.0%}"
        yield f"{need.name:<60} {need.amount:>9.3g} {need.unit:<11}{share}".rstrip()
    first = max((need for need in needs if need.share is not None), key=lambda need: need.share or 0.0)
    words = "breaks first" if (first.share or 0.0) > 1 else "comes nearest to its end"
    yield f"# {first.name}: {words} ({first.share:.0%})"


@click.command()
def main(**numbers: Any) -> None:
    """Print what a consortium needs; the last column is the share of what there is."""
    for line in table(Load(**numbers)):
        click.echo(line)


for _field in reversed(dataclasses.fields(Load)):
    main = click.option(
        f"--{_field.name.replace('_', '-')}", default=_field.default, type=type(_field.default), show_default=True
    )(main)


if __name__ == "__main__":
    main()
