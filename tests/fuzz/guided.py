"""One target under atheris, in a process of its own; `tests.fuzz.run` starts it."""

from __future__ import annotations

import logging
import sys

import atheris  # type: ignore[import-not-found]  # only where it is installed

ROOMS = ["hlf", "chaincode", "network", "gateway", "selat"]

with atheris.instrument_imports(include=ROOMS):
    from tests.fuzz import targets


def main(arguments: list[str]) -> None:
    """``NAME FOLDER... OPTION...``, as libFuzzer takes what follows the name; ends the process."""
    logging.disable()
    name, *rest = arguments
    atheris.Setup([sys.argv[0], *rest], targets.ALL[name].meet)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
