"""
Snapshots of a whole network, to go back to: every ledger, every installed package, and the file in force.

Keys, certificates and ports are not in it, so a snapshot can only be restored
in its own state folder. It is written under another name and renamed when it is
complete. The next ``up``, ``snapshot`` or ``restore`` finishes an interrupted
restore.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from hlf.network import engines, errors, state
from hlf.network.engines import Engine
from hlf.network.state import Folder

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_DATA = "data"


def snapshot(name: str, root: Path = Path("build/network")) -> Path:
    """
    Keep the network as it is now, under a new name; return the snapshot's folder.

    On the embedded engine the network may run: each ledger is kept as it is at
    the end of some block. Messages that wait to be ordered are not in it.

    Raises:
        StateError: the folder holds no network that was started, or the name is taken or no name.
        EngineError: the network's engine cannot do it, or not while it runs; the cure says how else.
    """
    folder = Folder(root)
    state.existing(folder)
    finish(folder)
    with state.alone(folder):
        engine = engines.by_name(state.started(folder).engine)
        place = _place(folder, name)
        if place.exists():
            raise errors.StateError(place, "is a snapshot already", "Choose another name, or remove that folder.")
        draft = place.with_name(f".{name}.part")
        try:
            shutil.rmtree(draft, ignore_errors=True)
            state.private_folder(draft)
            engine.save(folder, draft / _DATA)
            for file in _files(folder):
                shutil.copy2(file, draft)
            draft.rename(place)
        except OSError as error:
            raise state.unusable(draft, error) from error
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return place


def restore(name: str, root: Path = Path("build/network")) -> None:
    """
    Bring the network back to the state of a snapshot; everything later is lost.

    A running network of the embedded engine goes on within milliseconds, at the
    same addresses; event streams end. One that was stopped goes back when it is started.

    Raises:
        StateError: there is no such snapshot, or it is of another consortium file and the network runs.
        EngineError: as for :func:`snapshot`.
    """
    folder = Folder(root)
    state.existing(folder)
    with state.alone(folder):
        engine = engines.by_name(state.started(folder).engine)
        place = _place(folder, name)
        if not place.is_dir():
            known = ", ".join(names(root)) or "none"
            raise errors.StateError(place, "is no snapshot", f"Choose one of this network's: {known}.")
        running = any(engine.running(folder).values())
        if running and any(_differs(file, place) for file in _files(folder) if file != folder.record_file):
            raise errors.StateError(
                place,
                "was made with another consortium file than the one in force",
                f"Run `hlf network down {errors.state_option(root)}`, then this command, then `up`.",
            )
        state.replace_file(folder.restoring_file, name.encode())
        try:
            _go_back(folder, engine, place)
        except errors.EngineError:
            # It was refused before anything was changed, so there is nothing to finish.
            folder.restoring_file.unlink()
            raise


def finish(folder: Folder) -> None:
    """
    Finish an interrupted restore, if there is one.

    Raises:
        NetworkError: as for :func:`restore`.
    """
    if folder.restoring_file.exists():
        restore(folder.restoring_file.read_text(encoding="utf-8"), folder.root)


def names(root: Path = Path("build/network")) -> list[str]:
    """Return the names of a network's snapshots, sorted."""
    place = Folder(root).snapshots
    found = (each.name for each in place.iterdir() if each.is_dir()) if place.is_dir() else ()
    return sorted(name for name in found if _NAME.fullmatch(name))


def _go_back(folder: Folder, engine: Engine, place: Path) -> None:
    running = any(engine.running(folder).values())
    try:
        engine.bring_back(folder, place / _DATA)
        if not running:
            for file in _files(folder):
                state.replace_file(file, (place / file.name).read_bytes())
        folder.restoring_file.unlink()
    except OSError as error:
        raise state.unusable(place, error) from error


def _place(folder: Folder, name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise errors.StateError(
            folder.snapshots, f"cannot hold a snapshot called {name!r}", "Use letters, digits, '_', '-' and '.'."
        )
    return folder.snapshots / name


def _files(folder: Folder) -> tuple[Path, ...]:
    """Return what belongs to a snapshot beside the nodes' data: the file in force, and the record of ports and such."""
    return folder.consortium_file, folder.base_file, folder.record_file


def _differs(file: Path, place: Path) -> bool:
    return file.read_bytes() != (place / file.name).read_bytes()
