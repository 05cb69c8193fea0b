"""The end of a soak: the ledger is audited, and has what was acknowledged, once."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from chaincode.domain import channels
from hlf import audit
from hlf.wire import blocks


def export(wallet: Path, folder: Path) -> list[Path]:
    """Write the blocks of every channel of the trade into a folder of its own; return these."""
    exported = []
    for place in channels.ALL:
        exported.append(folder / place.channel)
        # A program of its own, since it must follow the calendar that the peers follow.
        selat = Path(sys.executable).with_name("selat")
        command = [str(selat), "audit", "export", str(exported[-1]), "--channel", place.channel]
        subprocess.run([*command, "--wallet", str(wallet)], check=True, stdout=subprocess.DEVNULL)  # noqa: S603
    return exported


def faults(exported: list[Path], acknowledged: Mapping[str, int]) -> Iterator[str]:
    """Yield a line for whatever the audit finds, and for each write that was lost or done twice."""
    written: Counter[str] = Counter()
    for folder in exported:
        report = audit.verify(audit.read_blocks(folder))
        if not report.ok:
            yield f"the audit of {folder.name}: {report.findings[0] if report.findings else report.verdict}"
        for serialized in audit.read_blocks(folder):
            written.update(event.name for event in blocks.decode(serialized).events)
    yield from differences(acknowledged, written)


def differences(acknowledged: Mapping[str, int], written: Mapping[str, int]) -> Iterator[str]:
    """Yield a line for each kind of event of which the ledger has another number than callers got answers."""
    for event, told in sorted(acknowledged.items()):
        if written.get(event, 0) != told:
            yield f"{event}: {told} acknowledged, {written.get(event, 0)} on the ledger"
