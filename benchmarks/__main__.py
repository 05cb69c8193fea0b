"""``python -m benchmarks [--engine NAME] [--only NAME] [--draw FOLDER]``: measure, one line a figure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import click

from benchmarks import (
    administration,
    audit,
    drawing,
    gateway,
    growth,
    matching,
    network,
    readmodel,
    requests,
    runtime,
    sizes,
    testing,
    throughput,
    trade,
)
from benchmarks.beside import engines, planning
from benchmarks.figures import Line, Series, machine
from benchmarks.ledger import chains
from benchmarks.pages import loading

BENCHMARKS: dict[str, Callable[[str], Iterator[Line]]] = {
    "start": network.start,
    "memory": network.memory,
    "throughput": throughput.throughput,
    "tasks": throughput.tasks,
    "engines": engines.engines,
    "runtime": runtime.runtime,
    "gateway": gateway.gateway,
    "requests": requests.requests,
    "readmodel": readmodel.readmodel,
    "trade": trade.trade,
    "testing": testing.testing,
    "matching": matching.matching,
    "growth": growth.growth,
    "sizes": sizes.sizes,
    "chains": chains.chains,
    "planning": planning.planning,
    "audit": audit.audit,
    "pages": loading.pages,
    "admin": administration.administration,
}
#: What another benchmark measures too, and is left out where everything is measured.
PARTS = ("tasks",)


@click.command()
@click.option("--engine", type=click.Choice(["embedded", "native"]), default="embedded", show_default=True)
@click.option("--only", type=click.Choice(list(BENCHMARKS)), help="Measure one thing only.")
@click.option("--draw", type=click.Path(path_type=Path), help="Draw each growth as an SVG picture into this folder.")
def main(engine: str, only: str | None, draw: Path | None) -> None:
    """Measure; print the machine, then a line for each figure."""
    click.echo(machine())
    grown: list[Series] = []
    for name in [only] if only else [each for each in BENCHMARKS if each not in PARTS]:
        for figure in BENCHMARKS[name](engine):
            click.echo(str(figure))
            if isinstance(figure, Series):
                grown.append(figure)
    if draw:
        drawing.draw(grown, draw)


if __name__ == "__main__":
    main()
