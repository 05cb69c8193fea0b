"""Libraries that come with an extra of this package: what to say where one is not installed."""

from __future__ import annotations


def missing(library: str, extra: str) -> ModuleNotFoundError:
    """Return the error that names the absent library and the command that installs it."""
    return ModuleNotFoundError(f"{library} is not installed: pip install 'hlf[{extra}]'", name=library)
