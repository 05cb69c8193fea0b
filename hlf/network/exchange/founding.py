"""
An organisation's own folder: made of the consortium file, or taken from a folder with the keys of several.

It has the private keys of its own organisations alone, and the introductions of the others.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from hlf.network import engines, errors, material, ports, state, topology
from hlf.network.admin import lifetime
from hlf.network.engines.engine import FABRIC
from hlf.network.exchange import introductions, operating
from hlf.network.state import Folder, Record
from hlf.network.topology import Consortium


def found(msp_ids: Sequence[str], root: Path, consortium: Path | None, engine_name: str) -> list[Path]:
    """
    Make the folder of these organisations, with their keys; return their introductions for the others.

    Made again, it keeps keys and ports, and takes over the file. It also gets a file that starts the nodes: a compose
    file or a unit of systemd.

    Raises:
        NetworkError: the file does not have them, the engine cannot run here, or the folder is another's.
    """
    folder = Folder(root)
    engine = engines.by_name(engine_name)
    state.claim(folder)
    with state.alone(folder):
        held = state.read(folder)
        wanted = topology.load(consortium) if consortium is not None or held is None else state.held(folder)
        _check(wanted, msp_ids)
        if engine.containers:
            _check_hosts(wanted)
        if held is not None and set(held.own) != set(msp_ids):
            raise errors.StateError(
                root,
                f"holds the keys of {', '.join(held.own) or 'all organisations of its file'}",
                "Name another folder: --state FOLDER.",
            )
        record = lifetime.record_for(
            folder, wanted, engine_name, FABRIC if engine.containers else engine.version(wanted)
        )
        record.own = list(msp_ids)
        mine = wanted.only(msp_ids)
        ports.assign(record, mine)
        material.make(folder, mine)
        introduced = _finish(folder, record, wanted)
        return [*introduced, operating.bundle(folder, record, mine)]


def take_from(source: Path, msp_ids: Sequence[str], root: Path) -> list[Path]:
    """
    Make the folder of these organisations from one with the keys of several, whose nodes go on running there.

    Raises:
        NetworkError: *source* does not have them, or *root* is not empty.
    """
    whole, folder = Folder(source), Folder(root)
    with_all, wanted = state.started(whole), state.held(whole)
    _check(wanted, msp_ids)
    state.claim(folder)
    with state.alone(folder):
        if state.read(folder) is not None:
            raise errors.StateError(root, "holds a network already", "Name a new folder: --state FOLDER.")
        nodes = {name: with_all.ports[name] for name in wanted.nodes if name in with_all.ports}
        record = Record(
            with_all.name,
            version=with_all.version,
            channel_capability=with_all.channel_capability,
            ports=nodes,
            hosts=dict(with_all.hosts),
            own=list(msp_ids),
        )
        with _all_or_nothing(root):
            try:
                _copy(whole, folder, wanted, msp_ids)
            except OSError as error:
                raise state.unusable(root, error) from error
            return _finish(folder, record, wanted)


@contextlib.contextmanager
def _all_or_nothing(root: Path) -> Iterator[None]:
    """After an error, remove what came into a folder, so that the same command can be run again."""
    before = set(root.iterdir())
    try:
        yield
    except BaseException:
        for each in set(root.iterdir()) - before:
            if each.is_dir():
                shutil.rmtree(each)
            else:
                each.unlink()
        raise


def _copy_tree(source: Path, place: Path) -> None:
    shutil.copytree(source, place, dirs_exist_ok=True, copy_function=_copy_file)


def _copy_file(source: str, place: str) -> None:
    """Copy one file and stop at the first error; `copytree` would go on and list an error for each file."""
    try:
        shutil.copy2(source, place)
    except OSError as error:
        raise state.unusable(Path(place), OSError(error.errno, error.strerror)) from error


def _copy(whole: Folder, folder: Folder, wanted: Consortium, msp_ids: Sequence[str]) -> None:
    mine = wanted.only(msp_ids)
    for msp_id in wanted.msp_ids:
        place = whole.organisation(msp_id)
        if msp_id in msp_ids:
            _copy_tree(place, folder.organisation(msp_id))
        else:
            root, tls = introductions.roots(whole, msp_id)
            material.keep_public(folder, msp_id, root.read_bytes(), tls.read_bytes())
    for orderer in wanted.orderers:
        if orderer in mine.orderers:
            _copy_tree(whole.orderer(orderer.name), folder.orderer(orderer.name))
            continue
        theirs = introductions.consenter(whole, orderer.name)
        for name, file in introductions.consenter(folder, orderer.name).items():
            state.replace_file(file, theirs[name].read_bytes())
    for channel in wanted.channels:
        if whole.genesis(channel.name).exists():
            state.replace_file(folder.genesis(channel.name), whole.genesis(channel.name).read_bytes())


def _finish(folder: Folder, record: Record, wanted: Consortium) -> list[Path]:
    state.adopt(folder, wanted)
    record.started = True
    state.write(folder, record)
    return [introductions.write(folder, record, wanted, msp_id) for msp_id in record.own]


def _check_hosts(wanted: Consortium) -> None:
    """Raise if an organisation names no host: containers of several organisations share no network."""
    for msp_id in wanted.msp_ids:
        mine = wanted.only([msp_id])
        if set(mine.nodes) != set(mine.hosts):
            raise errors.NetworkError(
                f"{msp_id} has no host in the consortium file, where containers of others would reach its nodes",
                f"Write `host: NAME` (or its address) below `msp_id: {msp_id}`.",
            )


def _check(wanted: Consortium, msp_ids: Sequence[str]) -> None:
    for msp_id in msp_ids:
        if msp_id not in wanted.msp_ids:
            raise errors.NetworkError(
                f"the consortium file has no organisation {msp_id}", f"It has {', '.join(wanted.msp_ids)}."
            )
