"""The ``selat`` command: one click group per room."""

import click


@click.group()
@click.version_option(package_name="selat")
def main() -> None:
    """Hyperledger Fabric for Python, and cross-border trade on top of it."""
