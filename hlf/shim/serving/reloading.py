"""A chaincode that reloads its source during development: each call runs the present state of the files."""

from __future__ import annotations

import importlib
import logging
import os
import sys
import threading
from typing import Any

from hlf.shim import responses
from hlf.shim.errors import ContractError
from hlf.shim.responses import Response
from hlf.shim.serving import loading
from hlf.shim.stub import Stub

logger = logging.getLogger("hlf.chaincode")


class ReloadingChaincode:
    """
    The chaincode called *text*, loaded again when one of its author's files has changed; for development.

    Peers keep their streams. The log and every caller get the reason why a module cannot be loaded, until it is
    corrected.

    Raises:
        ContractError: the module cannot be loaded at the start.
    """

    def __init__(self, text: str, *, expose_errors: bool = True) -> None:
        self.expose_errors = expose_errors
        self._text = text
        self._lock = threading.Lock()
        self._modules: set[str] = set()
        self._files: dict[str, tuple[int, int]] = {}
        # Python compares bytecode by the second of the change, which misses a second save in the same second.
        sys.dont_write_bytecode = True
        before = set(sys.modules)
        self._current: Any = self._loaded()
        self._note(set(sys.modules) - before)
        self._defect = ""

    def __getattr__(self, name: str) -> Any:
        # Name, time window, functions and all other attributes are those of the loaded chaincode.
        return getattr(self._current, name)

    def init(self, stub: Stub) -> Response:
        """Answer an initialisation with the present state of the files."""
        self.refresh()
        return self._current.init(stub) if not self._defect else responses.defect(self._defect)

    def invoke(self, stub: Stub) -> Response:
        """Answer a transaction with the present state of the files."""
        self.refresh()
        return self._current.invoke(stub) if not self._defect else responses.defect(self._defect)

    def refresh(self) -> None:
        """Load the module again if one of its files has changed."""
        with self._lock:
            if all(_stamp(file) == seen for file, seen in self._files.items()):
                return
            self._files = {file: _stamp(file) for file in self._files}
            kept = {name: sys.modules.pop(name) for name in self._modules if name in sys.modules}
            importlib.invalidate_caches()
            before = set(sys.modules)
            try:
                self._current, self._defect = self._loaded(), ""
                logger.info("read %s again", self._text)
            except ContractError as error:
                self._defect = str(error)
                logger.error("cannot read %s: %s", self._text, error)  # noqa: TRY400  (the text has the author's line)
                sys.modules.update(kept)
            self._note(set(sys.modules) - before)

    def _loaded(self) -> Any:
        chaincode = loading.load(self._text)
        chaincode.expose_errors = self.expose_errors
        return chaincode

    def _note(self, names: set[str]) -> None:
        """Watch those modules of *names* that are the author's own."""
        for name in names:
            file = getattr(sys.modules.get(name), "__file__", None)
            if file and loading.is_own(file):
                self._modules.add(name)
                self._files.setdefault(file, _stamp(file))


def _stamp(file: str) -> tuple[int, int]:
    try:
        found = os.stat(file)
    except OSError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_size)
