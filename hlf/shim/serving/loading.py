"""Load the chaincode in an author's module; an error has the place of the defect, its cause and its cure."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

from hlf.shim import api
from hlf.shim.errors import ContractError

_OURS = os.path.dirname(os.path.dirname(api.__file__)) + os.sep
_INSTALLED = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}", os.path.dirname(os.__file__) + os.sep)


def load(text: str) -> Any:
    """
    Return the chaincode called *text*: ``contract.py``, ``package.module``, or one of these with ``:object``.

    Without an object's name it is the object called ``chaincode``, else the only chaincode of the module, else one of
    the contracts that the module defines.

    Raises:
        ContractError: there is no such module or object, or the module cannot be loaded; the text says where and why.
    """
    module_text, _, name = text.partition(":")
    module = _module(module_text, text)
    found = _object(module, name, text)
    try:
        if isinstance(found, type) and issubclass(found, api.Contract):
            chaincode: Any = api.Chaincode(_name(module), [found])
        else:
            chaincode = found() if isinstance(found, type) else found
    except Exception as error:
        raise ContractError(_defect(error, text)) from error
    if not (hasattr(chaincode, "name") and callable(getattr(chaincode, "invoke", None))):
        raise ContractError(
            f"{text!r} is {found!r}, which is no chaincode; make one: api.Chaincode('name', [Contract])"
        )
    return chaincode


def is_own(file: str) -> bool:
    """Return whether *file* is the author's own code, and not of this library, Python or an installed package."""
    return not (file.startswith(("<", _OURS)) or any(part in file for part in _INSTALLED))


def _module(module_text: str, text: str) -> ModuleType:
    path = Path(module_text).resolve() if module_text.endswith(".py") else None
    if path is not None and not path.is_file():
        raise ContractError(f"there is no chaincode {text!r}: no file {path}")
    try:
        if path is not None:
            return _of_file(path)
        if os.getcwd() not in sys.path and "" not in sys.path:
            sys.path.insert(0, os.getcwd())
        return importlib.import_module(module_text)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if module_text == missing or module_text.startswith(f"{missing}."):
            raise ContractError(
                f"there is no chaincode {text!r}: no module {missing!r} in {os.getcwd()} or on PYTHONPATH; "
                "give a file, as contract.py, or a module"
            ) from None
        raise ContractError(_defect(error, text)) from error
    except (Exception, SystemExit) as error:
        raise ContractError(_defect(error, text)) from error


def _of_file(path: Path) -> ModuleType:
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
    # A file can have the name of a loaded module, such as chaincode.py.
    name = path.stem if path.stem not in sys.modules else f"{path.stem} at {path}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ContractError(f"{path} is no Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _object(module: ModuleType, name: str, text: str) -> Any:
    found = getattr(module, name or "chaincode", None)
    # A subpackage called `chaincode` is a module, not the chaincode object.
    if found is not None and not isinstance(found, ModuleType):
        return found
    made = {key: each for key, each in vars(module).items() if isinstance(each, api.Chaincode)}
    if name or len(made) > 1:
        known = ", ".join(made) or "none"
        wanted = name or "chaincode"
        raise ContractError(
            f"there is no chaincode {text!r}: {module.__name__} has no object {wanted!r}; chaincodes there: {known}"
        )
    if made:
        return next(iter(made.values()))
    contracts = [
        each
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, api.Contract) and each.__module__ == module.__name__
    ]
    if not contracts:
        raise ContractError(
            f"there is no chaincode {text!r}: {module.__name__} has neither an api.Chaincode nor a class that "
            "subclasses api.Contract"
        )
    try:
        return api.Chaincode(_name(module), contracts)
    except ContractError as error:
        raise ContractError(f"{module.__file__}: {error}") from None


def _name(module: ModuleType) -> str:
    """Return the default name of a chaincode without one."""
    return module.__name__.partition(" ")[0].rpartition(".")[2]


def _defect(error: BaseException, text: str) -> str:
    """Return why a module cannot be loaded, in one line: the author's own line, the cause, and a cure if known."""
    if isinstance(error, SyntaxError):
        return f"{error.filename}:{error.lineno}: {error.msg}: {(error.text or '').strip()}"
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if is_own(frame.filename)]
    place = f"{own[-1].filename}:{own[-1].lineno}" if own else text
    if isinstance(error, ContractError):
        return f"{place}: {error}"
    if isinstance(error, ModuleNotFoundError):
        return f"{place}: {error}; install it into this environment, {sys.prefix}, or put it on PYTHONPATH"
    return f"{place}: {type(error).__name__}: {error}"
