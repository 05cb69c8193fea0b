"""
``python -m benchmarks.soak [--hours N] [--minutes N] [--engine NAME]``: carry orders for hours, and judge the outcome.

It measures first how many orders a second the machine carries, and then carries a share of that; a rate may be named
instead. After a quarter of the time all callers get new certificates and tokens, and a gateway is killed and started
again; its requests go on at the other one with their idempotency keys. The former tokens are revoked later. It ends
with 1 and the lines that failed; the report is JSON, with pictures beside it.
"""

from __future__ import annotations

import json
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import click

from benchmarks import drawing
from benchmarks.figures import machine
from benchmarks.soak import ledger, recording, service
from benchmarks.soak.load import Load
from benchmarks.soak.recording import Recording
from tests import reliability

_MEASURED_SECONDS = 60.0


@click.command()
@click.option("--hours", type=float, default=0.0, help="How long orders are carried; added to the minutes.")
@click.option("--minutes", type=float, default=0.0)
@click.option("--engine", type=click.Choice(["embedded", "native"]), default="embedded", show_default=True)
@click.option("--share", type=click.FloatRange(0.05, 1), default=0.7, show_default=True, help="Of the measured rate.")
@click.option("--rate", type=click.FloatRange(min=0, min_open=True), help="Orders a second, not measured first.")
@click.option("--beside-others", is_flag=True, help="Record p95 and do not judge it: others use the processors too.")
@click.option("--report", type=click.Path(path_type=Path), default=Path("build/soak"), show_default=True)
@click.option("--record", is_flag=True, help="Write a row in docs/reliability.md.")
def main(
    hours: float,
    minutes: float,
    engine: str,
    share: float,
    rate: float | None,
    beside_others: bool,
    report: Path,
    record: bool,
) -> None:
    """Carry orders, and say what grew, failed or was lost."""
    # Whoever ends this ends the network too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    seconds = hours * 3600 + minutes * 60
    if seconds < 60:
        raise click.BadParameter("name at least a minute, as --minutes 3", param_hint="--hours")
    begun_on = reliability.commit()
    click.echo(machine())
    with tempfile.TemporaryDirectory(prefix="selat-soak-") as folder, service.running(engine, Path(folder)) as running:
        load = Load(running)
        carried = rate or share * _limit(load, min(_MEASURED_SECONDS, seconds / 6))
        click.echo(f"{carried:.2f} orders/s on two gateways and {running.database}")
        found = _carried(load, running, seconds, carried)
        exported = ledger.export(running.network, Path(folder) / "audit")
        faults = [
            *load.tally.errors[:20],
            *grown(found, beside_others),
            *ledger.faults(exported, load.tally.acknowledged),
        ]
    _write(report, found, load, faults, carried, begun_on)
    for fault in faults:
        click.echo(f"FAILED: {fault}", err=True)
    told = f"{load.tally.orders} orders, {sum(load.tally.acknowledged.values())} writes, {load.tally.repeated} repeated"
    click.echo(f"{told}; the report is {report / 'report.json'}")
    if record:
        outcome = f"{told}: {f'FAILED: {faults[0]}' if faults else 'no fault'}"
        amount = f"{hours:g} hours" if not minutes else f"{seconds / 60:g} minutes"
        what = _command(engine, rate, beside_others)
        reliability.record(f"`{what}`", f"{amount}, {running.database}", seconds, outcome, begun_on)
    sys.exit(bool(faults))


def _command(engine: str, rate: float | None, beside_others: bool) -> str:
    """Return what was run, as it is said to make."""
    words = ["make soak"]
    words += [f"ENGINE={engine}"] if engine != "embedded" else []
    words += [f"RATE={rate:g}"] if rate else []
    words += ["BESIDE=1"] if beside_others else []
    return " ".join(words)


def _limit(load: Load, seconds: float) -> float:
    """Return how many orders a second the machine carries."""
    limit = load.run(seconds)
    if not limit:
        raise click.ClickException(f"no order was carried to its end: {load.tally.errors[:3]}")
    click.echo(f"{limit:.2f} orders/s at most")
    return limit


def _carried(load: Load, running: service.SoakedService, seconds: float, rate: float) -> Recording:
    """Carry orders at a rate, with keys rotated and a gateway killed on the way; return what was recorded."""
    over = threading.Event()

    def restart() -> None:
        try:
            if over.wait(seconds / 4):
                return
            revoke = running.rotate()
            first = running.gateways[0]
            first.kill()
            first.start()
            if not over.wait(seconds / 8):
                revoke()
        except Exception as error:  # noqa: BLE001 - a run without its restart proves nothing, whatever the cause.
            load.tally.failed(error)

    restarting = threading.Thread(target=restart)
    with Recording(running, load.tally, seconds) as found:
        restarting.start()
        try:
            load.run(seconds, rate)
        finally:
            over.set()
            restarting.join()
    return found


def grown(found: Recording, beside_others: bool) -> Iterator[str]:
    """Print each judgement; yield those that failed. Beside others the time of requests is only printed."""
    try:
        judged = list(found.judgements())
        p95 = found.p95()
    except ValueError as error:
        yield str(error)
        return
    for each in judged:
        click.echo(str(each))
        if not each.flat:
            yield str(each)
    click.echo(str(p95))
    if not p95.flat and not beside_others:
        yield str(p95)
    for program, kib in found.growth_an_order().items():
        line = f"memory of {program}: {kib:.3g} KiB an order (asked: at most {recording.KIB_AN_ORDER:g})"
        click.echo(line)
        if kib > recording.KIB_AN_ORDER:
            yield line


def _write(folder: Path, found: Recording, load: Load, faults: list[str], rate: float, begun_on: str) -> None:
    """Write the report, and a picture of each quantity beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    told = {
        "commit": begun_on,
        "ended": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": machine(),
        "orders_a_second": rate,
        "orders": load.tally.orders,
        "acknowledged": load.tally.acknowledged,
        "repeated": load.tally.repeated,
        "faults": faults,
        "recorded": found.document(),
    }
    (folder / "report.json").write_text(json.dumps(told, indent=1))
    for name, (unit, *_) in recording.OF_PROGRAMS.items():
        drawing.draw_hours(f"{name} over time", unit, found.of_programs[name], folder)
    drawing.draw_hours("requests over time", "ms", found.of_requests, folder)
    drawing.draw_hours("files over time", "MiB", found.files, folder)


if __name__ == "__main__":
    main()
