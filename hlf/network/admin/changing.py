"""
Change a running network to match its consortium file: the plan, and the steps.

The present state comes from the channels, the peers and ``_lifecycle``, never from the state folder. The whole file is
checked before anything is done, every step may be repeated, and the file is stored last. So an interrupted command
continues when it is run again, with the same file or a corrected one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hlf import sentdocuments
from hlf.admin import channel as channels
from hlf.network import channelconfig, engines, errors, material, ports, state, topology
from hlf.network.admin import chaincodes, inspection, lifetime, reading, updates
from hlf.network.admin.nodes import Nodes
from hlf.network.admin.observed import ChannelConfigs
from hlf.network.admin.ordering import OrdererChanges
from hlf.network.admin.runner import Runner
from hlf.network.engines import Engine
from hlf.network.plan import configuration, difference, leaving
from hlf.network.plan.difference import Steps
from hlf.network.plan.model import NetworkFacts
from hlf.network.plan.steps import (
    AddOrderer,
    Configure,
    Define,
    Leave,
    PlanStep,
    RemoveOrderer,
    Restart,
    Serve,
    StopNodes,
)
from hlf.network.state import Folder, Record
from hlf.network.topology import Consortium
from hlf.wire.config import channelwords

PLAN = "plan"
"""The kind of document that a plan is for machines."""

_SOON = timedelta(days=30)


@dataclass(frozen=True)
class PlannedStep:
    """A step, with the organisations whose admins sign it, what it interrupts ("" for nothing) and may lose."""

    step: PlanStep
    signers: tuple[str, ...] = ()
    interrupts: str = ""
    loses: tuple[leaving.PrivateDataLoss, ...] = ()

    def __str__(self) -> str:
        lines = [self.step.head(), *(f"    {line}" for line in self.step.details())]
        if self.signers:
            lines.append(f"    signed by the admins of {', '.join(self.signers)}")
        if self.interrupts:
            lines.append(f"    interrupts: {self.interrupts}")
        lines += [f"    may lose {each}" for each in self.loses]
        return "\n".join(lines)


@dataclass(frozen=True)
class ChangePlan:
    """
    What :func:`apply` would do, in order.

    Attributes:
        steps: each with its signers.
        problems: what must be changed in the file first; nothing is done while there is one.
        notes: what differs and stays, and certificates that expire soon.
        lost: chaincodes by channel and name of which a member has lost its approval; one of the problems each.
    """

    steps: tuple[PlannedStep, ...]
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    lost: tuple[tuple[str, str], ...] = ()

    @property
    def destructive(self) -> bool:
        """Whether a step takes something away from somebody."""
        return any(each.step.destructive for each in self.steps)

    @property
    def only_lost(self) -> errors.ApprovalLostError | None:
        """Lost approvals are the only problems; the next sequences cure them."""
        if not self.lost or len(self.lost) != len(self.problems):
            return None
        return errors.ApprovalLostError("; ".join(self.problems), self.lost)

    def __str__(self) -> str:
        lines = [f"{number}. {each}" for number, each in enumerate(self.steps, start=1)]
        lines += [f"note: {note}" for note in self.notes]
        lines += [f"PROBLEM: {problem}" for problem in self.problems]
        if not self.steps and not self.problems:
            lines.append("nothing to do: the network matches the file")
        return "\n".join(lines)

    def values(self) -> dict[str, Any]:
        """Return the plan for machines, as a document that says its kind."""
        return {
            "kind": PLAN,
            "format": sentdocuments.FORMAT,
            "steps": [
                {
                    **each.step.values(),
                    "signers": list(each.signers),
                    "interrupts": each.interrupts,
                    "loses": [loss.values() for loss in each.loses],
                    "destructive": each.step.destructive,
                }
                for each in self.steps
            ],
            "problems": list(self.problems),
            "notes": list(self.notes),
        }


@dataclass(frozen=True)
class _ChangeRequest:
    """A running network, and the consortium file that it is to match."""

    folder: Folder
    record: Record
    engine: Engine
    base: Consortium
    wanted: Consortium
    nodes: Nodes
    found: ChannelConfigs
    actual: NetworkFacts
    steps: Steps


def plan(
    root: Path = Path("build/network"), consortium: Path | Consortium | None = None, *, default: Path | None = None
) -> ChangePlan:
    """
    Return what :func:`apply` would do with a file, by default the one last applied; changes nothing.

    Raises:
        NetworkError: the file is unusable, or the network does not run.
        HlfError: a node refused to answer.
    """
    folder = Folder(root)
    record, wanted = _file(folder, consortium, default)
    if record is None:
        return _of_nothing(folder, wanted)
    engine = engines.by_name(record.engine)
    if not any(engine.running(folder).values()):
        raise errors.not_running(root)
    base = leaving.with_added(lifetime.base_of(folder, record) or wanted, record.orderers)
    if stopped := engine.stopped(folder, base):
        raise errors.StateError(
            root,
            f"must answer whole, and {', '.join(stopped)} is stopped",
            f"Start what is missing: hlf network start {' '.join(stopped)} {errors.state_option(root)}",
        )
    with Nodes(folder, record, base) as nodes:
        return _plan(_asked(folder, record, base, wanted, nodes))


def apply(
    root: Path = Path("build/network"),
    consortium: Path | Consortium | None = None,
    *,
    default: Path | None = None,
    yes: bool = False,
    show: Callable[[ChangePlan], None] | None = None,
    agreed: Callable[[], None] = lambda: None,
) -> ChangePlan:
    """
    Change a network to match a file, by default the one last applied; return what was done.

    *show* gets the plan before anything is done; *agreed* is called once the plan is accepted. If the call is
    interrupted, repeat it: it continues.

    Raises:
        NetworkError: no step can do what the file asks for, or it takes something away without *yes*.
        HlfError: a node refused a step.
    """
    folder = Folder(root)
    record, wanted = _file(folder, consortium, default)
    if record is None:
        made = _of_nothing(folder, wanted)
        agree(folder, made, show, yes=yes)
        agreed()
        lifetime.start(lifetime.DEFAULT_ENGINE, root, wanted)
        return made
    with state.alone(folder):
        base = leaving.with_added(lifetime.base_of(folder, record) or wanted, record.orderers)
        kept = state.existing(folder)
        with Runner(folder, record, base, kept) as runner:
            runner.run_nodes(base)
            with Nodes(folder, record, base) as nodes:
                asked = _asked(folder, record, base, wanted, nodes)
                made = _plan(asked)
                agree(folder, made, show, yes=yes)
                agreed()
                _do(asked, kept)
    return made


def _file(
    folder: Folder, consortium: Path | Consortium | None, default: Path | None
) -> tuple[Record | None, Consortium]:
    """Return the record of a network (None if it was never started), and the file that it must match."""
    record = state.read(folder)
    if record is not None:
        state.require_all_keys(folder, record)
    started = record is not None and record.started
    if isinstance(consortium, Consortium):
        wanted = consortium
    elif started and consortium is None:
        wanted = state.held(folder)
    else:
        wanted = topology.load(consortium or default)
    if record is None or not started:
        return None, wanted
    engine = engines.by_name(record.engine)
    return lifetime.record_for(folder, wanted, record.engine, engine.version(wanted)), wanted


def _of_nothing(folder: Folder, wanted: Consortium) -> ChangePlan:
    engine = engines.by_name(lifetime.DEFAULT_ENGINE)
    record = lifetime.record_for(folder, wanted, engine.name, engine.version(wanted))
    ports.assign(record, wanted)
    steps = difference.between(difference.NOTHING, reading.wanted(folder, record, wanted))
    return ChangePlan(tuple(PlannedStep(step) for step in steps.all), tuple(map(str, steps.problems)), steps.notes)


def _asked(folder: Folder, record: Record, base: Consortium, wanted: Consortium, nodes: Nodes) -> _ChangeRequest:
    lifetime.check_nodes(folder, base, wanted, leaving=True)
    ports.assign(record, wanted)
    engine = engines.by_name(record.engine)
    found = lifetime.look(folder, record, base, nodes, engine)
    actual = reading.actual(folder, record, base, wanted, found, nodes)
    steps = difference.between(actual, reading.wanted(folder, record, wanted))
    return _ChangeRequest(folder, record, engine, base, wanted, nodes, found, actual, steps)


def _plan(asked: _ChangeRequest) -> ChangePlan:
    planned, problems = [], [*map(str, asked.steps.problems)]
    admins = updates.admins(asked.folder, asked.base)
    for step in asked.steps.all:
        signed_by: tuple[str, ...] = ()
        if isinstance(step, Configure | AddOrderer | RemoveOrderer):
            try:
                signed_by = _signers(asked, step, admins)
            except errors.StateError as refused:
                problems.append(str(refused))
        stopped = step.programs if isinstance(step, StopNodes) else ()
        loses = leaving.private_data(stopped, asked.base, asked.wanted, asked.actual)
        planned.append(PlannedStep(step, signed_by, _interrupts(step), tuple(loses)))
    notes = (*asked.steps.notes, *_users(asked), *_ending(asked.folder))
    lost = tuple(each.lost for each in asked.steps.problems if each.lost is not None)
    return ChangePlan(tuple(planned), tuple(problems), notes, lost)


def _signers(
    asked: _ChangeRequest, step: Configure | AddOrderer | RemoveOrderer, admins: Mapping[str, bytes]
) -> tuple[str, ...]:
    """Return who must sign an update, before the certificates that it carries are made."""
    original = asked.found.configs[step.channel]
    group = channelconfig.outline(asked.record, asked.wanted, asked.wanted.channel(step.channel))
    changed = configuration.changed(original, group, step)
    update = channels.update(step.channel, original, changed)
    return updates.signers(asked.folder, admins, asked.found.bundle(step.channel), update)


def _interrupts(step: PlanStep) -> str:
    if isinstance(step, Configure) and step.removed:
        return (
            f"a transaction endorsed by {', '.join(step.removed)} before it and submitted after is invalid "
            "(ENDORSEMENT_POLICY_FAILURE); send it again"
        )
    if isinstance(step, Leave):
        return f"{', '.join(step.peers)} for a moment"
    if isinstance(step, Restart):
        return f"the peers of {step.msp_id} are away for a moment"
    if isinstance(step, Serve) and step.again:
        return f"chaincodes of {', '.join(step.again)} for a moment"
    if isinstance(step, Define) and step.definition["sequence"] != "1":
        return "a transaction endorsed before it and submitted after is invalid (MVCC_READ_CONFLICT); send it again"
    return ""


def _users(asked: _ChangeRequest) -> list[str]:
    """Return notes on users whose certificates differ from the file; certificates are not changed."""
    had = {(each.msp_id, user.name): user for each in asked.base.organisations for user in each.users}
    now = {(each.msp_id, user.name): user for each in asked.wanted.organisations for user in each.users}
    notes = []
    for (msp_id, name), user in had.items():
        if (msp_id, name) not in now:
            notes.append(f"user {name} of {msp_id} is not in the file any more, and its certificate stays valid")
        elif now[msp_id, name] != user:
            notes.append(f"user {name} of {msp_id} has other attributes in the file than in its certificate")
    return notes


def _ending(folder: Folder) -> list[str]:
    return [
        f"the certificate of {each.subject} ends on {each.ends:%Y-%m-%d} ({each.path.relative_to(folder.root)})"
        for each in inspection.certificates_of(folder.root, datetime.now(UTC))
        if each.left < _SOON
    ]


def agree(folder: Folder, made: ChangePlan, show: Callable[[ChangePlan], None] | None, *, yes: bool) -> None:
    """
    Show a plan; raise unless it may be carried out.

    Raises:
        StateError: it has problems, or takes something away without *yes*.
        ApprovalLostError: its only problems are approvals that were lost.
    """
    if show is not None:
        show(made)
    if made.only_lost is not None:
        raise made.only_lost
    if made.problems:
        raise errors.StateError(folder.root, f"cannot be changed to match the file: {'; '.join(made.problems)}")
    if made.destructive and not yes:
        taken = "; ".join(each.step.head() for each in made.steps if each.step.destructive)
        raise errors.StateError(
            folder.root, f"the file takes something away: {taken}", "Read the plan, and add --yes if you mean it."
        )


def _do(asked: _ChangeRequest, kept: Record) -> None:
    folder, record, wanted, steps = asked.folder, asked.record, asked.wanted, asked.steps
    material.set_aside(folder, wanted, asked.found.has_member)
    material.make(folder, wanted)
    # The channels' configurations are about to name the new nodes' addresses.
    state.write(folder, dataclasses.replace(kept, ports=record.ports, hosts=record.hosts))
    _configure(asked, steps.first)
    if record.orderers or not all(isinstance(step, Configure) and not step.added for step in steps.first):
        staying = _with_leaving(record, asked.base, wanted, asked.found)
        adopting = staying == wanted
        lifetime.bring_up(folder, staying, record.engine, record.version, adopting=adopting)
    if steps.last:
        # The nodes may have been started again since, and channels may have been made.
        with Nodes(folder, record, asked.base) as nodes:
            again = _asked(folder, record, asked.base, wanted, nodes)
            _configure(again, again.steps.last)
            _leave(again)
        lifetime.bring_up(folder, wanted, record.engine, record.version, leaving=True)
    state.adopt(folder, wanted)


def _configure(asked: _ChangeRequest, steps: Iterable[PlanStep]) -> None:
    ordering = OrdererChanges(asked.folder, asked.record, asked.base, asked.wanted, asked.nodes, asked.found)
    for step in steps:
        if isinstance(step, AddOrderer):
            ordering.add(step)
        if isinstance(step, RemoveOrderer):
            ordering.remove(step)
        if not isinstance(step, Configure):
            continue
        channel = asked.wanted.channel(step.channel)
        group = channelconfig.group(asked.folder, asked.record, asked.wanted, channel)
        speaker = ordering.speaker(step.channel)
        original = channels.config(asked.nodes.orderer(speaker), step.channel)
        changed = configuration.changed(original, group, step)
        updates.put_in_force(asked.folder, asked.base, asked.nodes, step.channel, original, changed, speaker)


def _leave(asked: _ChangeRequest) -> None:
    """Take channels off peers, which must not run meanwhile; first start those that an interrupted command stopped."""
    folder, record, base = asked.folder, asked.record, asked.base
    for step in asked.steps.last:
        if not isinstance(step, Leave):
            continue
        builder = chaincodes.builder_configuration(record, chaincodes.package_all(record, asked.wanted))
        asked.engine.stop(folder, step.peers)
        asked.engine.unjoin(folder, step.peers, step.channel)
        asked.engine.start(folder, record, base, builder, nodes=step.peers)


def _with_leaving(record: Record, base: Consortium, wanted: Consortium, found: ChannelConfigs) -> Consortium:
    """Return the file with the members and nodes that are about to leave."""
    counted = {address for config in found.configs.values() for address in channelwords.orderers(config.channel_group)}
    return leaving.with_leaving(
        base,
        wanted,
        {name: found.members(name) for name in found.configs},
        {
            each.name
            for organisation in base.ordering.organisations
            for each in organisation.orderers
            if record.inside(each.name) in counted
        },
    )
