"""
Write down what an engine answers: ``python -m tests.conformance.record --engine native``.

The answers of real Fabric go into ``observations/``, where every run of the
suite holds the embedded engine to them. A case that fails to get any answer
stops the recording, and nothing is written.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from network import admin
from tests.conformance import cases, recorded
from tests.conformance.conftest import CONSORTIUM
from tests.conformance.lab import Lab


@click.command()
@click.option("--engine", type=click.Choice(["native", "docker"]), default="native", show_default=True)
def main(engine: str) -> None:
    """Record real Fabric's answers to every case of the suite."""
    with tempfile.TemporaryDirectory(prefix="selat-laboratory-") as folder:
        state = Path(folder) / "network"
        network = admin.up(engine, state, CONSORTIUM)
        try:
            lab = Lab(state)
            answers = {name: question(lab).as_json(lab.addresses) for name, question in cases.load().items()}
            lab.close()
        finally:
            admin.down(state)
    click.echo(f"{len(answers)} answers of Fabric {network.version} in {recorded.save(network.version, answers)}")


if __name__ == "__main__":
    main()
