"""A whole state folder in one file: ledgers, keys, certificates, packages and the consortium file."""

from __future__ import annotations

import os
import shutil
import tarfile
from pathlib import Path

from hlf.network import engines, errors, processes, state
from hlf.network.state import Folder

# Records of running programs and the lock: useless in another place.
_LEFT_OUT = ("run", ".lock")


def backup(file: Path, root: Path = Path("build/network")) -> Path:
    """
    Write the state folder of a stopped network into one file that only its owner can read; return it.

    Raises:
        StateError: the folder holds no network, the network runs, or the file exists already.
    """
    folder = Folder(root)
    record = state.started(folder)
    with state.alone(folder):
        running = any(engines.by_name(record.engine).running(folder).values())
        if running or any(each.alive for each in processes.find(folder)):
            raise errors.StateError(
                root,
                "runs, and its ledgers change while they are copied",
                f"Stop it first: hlf network down {errors.state_option(root)}; `up` continues. "
                "While it runs: hlf network snapshot.",
            )
        if file.exists():
            raise errors.StateError(file, "exists already", "Name a new file: a backup is never overwritten.")
        draft = file.with_name(f".{file.name}.part")
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as raw, tarfile.open(fileobj=raw, mode="w:gz") as archive:
                for each in sorted(root.iterdir()):
                    if each.name not in _LEFT_OUT:
                        archive.add(each, each.name)
            draft.rename(file)
        except OSError as error:
            raise state.unusable(file, error) from error
        finally:
            draft.unlink(missing_ok=True)
    return file


def unpack(file: Path, root: Path) -> None:
    """
    Make a state folder of a backup; it may lie elsewhere than it did, and `up` starts it on the same ports.

    Raises:
        StateError: the folder is not empty, or the file is no backup.
    """
    folder = Folder(root)
    if root.exists() and any(root.iterdir()):
        raise errors.StateError(root, "is not empty", "Name a new folder with --state.")
    draft = root.with_name(f".{root.name}.part")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        state.private_folder(draft)
        with tarfile.open(file, "r:gz") as archive:
            # No file lands outside the folder, whatever the archive says.
            archive.extractall(draft, filter="data")
        for each in draft.rglob("*"):
            if each.is_dir():
                # The permissions of folders in the archive are not taken over.
                each.chmod(0o700)
        state.started(Folder(draft))
        if root.exists():
            root.rmdir()
        state.private_folder(root.parent)
        draft.rename(folder.root)
    except (tarfile.TarError, EOFError) as error:
        raise errors.StateError(file, f"is no backup ({error})", "Name a file that `backup` wrote.") from error
    except OSError as error:
        raise state.unusable(file, error) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
