"""The error for a library of an extra of this package that is not installed."""

from __future__ import annotations


class MissingError(ModuleNotFoundError):
    """A library that comes with an extra is not installed."""


def missing(library: str, extra: str) -> MissingError:
    """Return the error that names the absent library and the command that installs it."""
    return MissingError(f"{library} is not installed: pip install 'hlf[{extra}]'", name=library)
