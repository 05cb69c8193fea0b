"""Verifying a chain of blocks from its first to its last."""

from __future__ import annotations

import contextlib
import gc
import sqlite3
from collections.abc import Callable, Iterable, Iterator

from hlf.audit.replay.report import Report
from hlf.audit.replay.verifier import UnreadableBlockError, Verifier
from hlf.audit.signatures.checkingahead import LookaheadChecker

_BETWEEN_COLLECTIONS = 200_000


def verify(
    serialized: Iterable[bytes],
    *,
    trusted: bytes | None = None,
    processes: int | None = None,
    on_block: Callable[[int], object] | None = None,
) -> Report:
    """
    Return the report on a chain of blocks, given in order; see ``Report``.

    Blocks may be an orderer's or a peer's copies. A peer's validation codes and commit hashes are compared with
    those of the replay.

    Args:
        trusted: a configuration block obtained otherwise. If the chain has a block of that number, it must be
            this one, and the hashes then prove the blocks before it. If the chain begins later, this must be the
            configuration in force for its first block.
        processes: how many check signatures beside this one, where the chain is worth it: as many as there are cores
            unless given. The outcome does not depend on it.
        on_block: called with the number of each block that was verified.

    Raises:
        WireError: *trusted* is no configuration block, or not whole.
        ConfigError: it holds no usable configuration.
    """
    return run(Verifier(trusted=trusted), serialized, processes=processes, on_block=on_block)


def run(
    verifier: Verifier,
    serialized: Iterable[bytes],
    *,
    processes: int | None = None,
    on_block: Callable[[int], object] | None = None,
) -> Report:
    """
    Add blocks to *verifier* until the last, or until it stops; return its report. See ``verify`` for the arguments.
    """
    with LookaheadChecker(processes) as ahead, _rare_collections():
        try:
            for signed in ahead.run(verifier.read(serialized), verifier.orderers):
                if not verifier.take(signed):
                    break
                if on_block is not None:
                    on_block(signed.block.number)
        except UnreadableBlockError as malformed:
            verifier.refuse(malformed)
        except sqlite3.Error as error:
            words = "a large channel needs room for temporary files; free some, or set TMPDIR to another folder"
            raise OSError(f"{error}: {words}") from error
    return verifier.report()


@contextlib.contextmanager
def _rare_collections() -> Iterator[None]:
    """
    Collect garbage rarely: the kept objects have no cycles, and looking for them would take a fifth of the time.
    """
    before = gc.get_threshold()
    gc.set_threshold(max(before[0], _BETWEEN_COLLECTIONS), *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
