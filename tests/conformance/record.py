"""
Write down what an engine answers: ``python -m tests.conformance.record --engine native``.

The answers of real Fabric go into ``observations/``, where every run of the
suite holds the embedded engine to those of one version, and the native engine to
those of the version that is installed. A case that fails to get any answer stops
the recording, and nothing is written.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from hlf.network import engines, topology
from tests.conformance import cases, recorded
from tests.conformance.laboratories import CONSORTIA, Laboratories


@click.command()
@click.option("--engine", type=click.Choice(["native", "docker"]), default="native", show_default=True)
@click.option("--missing", is_flag=True, help="Ask only what has no recorded answer yet, and keep the others.")
def main(engine: str, missing: bool) -> None:
    """Record real Fabric's answers to every case of the suite."""
    version = engines.by_name(engine).version(topology.load(CONSORTIA / "main.yaml"))
    if missing and version != recorded.REFERENCE:
        raise click.UsageError(f"Fabric {version} is asked everything: kept is what it answers otherwise")
    known = recorded.load(version) if missing else {}
    questions = {name: question for name, question in cases.load().items() if name not in known}
    with tempfile.TemporaryDirectory(prefix="selat-laboratories-") as folder:
        opened = Laboratories(Path(folder))
        try:
            answers = {
                name: question.answer(opened.on(engine, question.laboratory)) for name, question in questions.items()
            }
        finally:
            opened.close()
    file = recorded.save(version, known | answers)
    click.echo(f"asked {len(answers)} questions of Fabric {version}; {len(recorded.kept(version))} answers in {file}")


if __name__ == "__main__":
    main()
