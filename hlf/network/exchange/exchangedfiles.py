"""The files that organisations exchange: JSON that names its kind, and that people can read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hlf import sentdocuments
from hlf.network import errors, state


def write(place: Path, kind: str, values: Mapping[str, Any]) -> None:
    """
    Write a file of a kind.

    Raises:
        StateError: it cannot be written there.
    """
    text = json.dumps({"kind": kind, "format": sentdocuments.FORMAT, **values}, indent=2, ensure_ascii=False)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        state.replace_file(place, text.encode() + b"\n")
    except OSError as error:
        raise state.unusable(place, error) from error


class ExchangedFile(sentdocuments.SentDocument):
    """A file of another organisation: every field is read with its type, and refused by the file's name."""

    def __init__(self, place: Path, kind: str) -> None:
        """
        Read a file that must be of that kind.

        Raises:
            ExchangeError: it cannot be read, or is another file.
        """
        self.place = place
        try:
            with place.open("rb") as file:
                content = file.read(sentdocuments.MOST_BYTES + 1)
        except OSError as error:
            cure = f"Name the {kind} file that you got."
            raise errors.ExchangeError(place, f"cannot be read: {error.strerror}", cure) from error
        super().__init__(content, kind)

    def _refused(self, problem: str, cure: str) -> errors.ExchangeError:
        return errors.ExchangeError(self.place, problem, cure)
