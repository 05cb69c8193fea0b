"""
Find the contract functions that an address calls in the code of its view, so that nobody has to list them.

A view names a function as text (``context.act(TRADE, "Disclosures:grant", ...)``), in its own code or in a function
that it calls in its slice. Where one table makes many views, the name is a contract and a value from the view's
closure.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any, TypeVar

from gateway.http.context import TradeChaincode

_FUNCTION = re.compile(r"[A-Z]\w*:[a-z]\w*")
_CONTRACT = re.compile(r"[A-Z]\w*:")
_ROOM = "gateway.trade"
_MARK = "contract_functions"
_View = TypeVar("_View", bound=Callable[..., Any])


def functions(view: Callable[..., Any]) -> dict[str, tuple[TradeChaincode, ...]]:
    """Return the functions that *view* calls, each with the chaincodes it is in; empty if its code names none."""
    marked: dict[str, tuple[TradeChaincode, ...]] | None = getattr(view, _MARK, None)
    if marked is not None:
        return marked
    names: set[str] = set()
    chaincodes: set[TradeChaincode] = set()
    for function in _reached(_written(view), set()):
        values = _closed_over(function)
        chaincodes |= {each for each in _globals(function) if isinstance(each, TradeChaincode)}
        texts = set(_texts(function.__code__))
        names |= {text for text in texts if _FUNCTION.fullmatch(text)}
        names |= {text + value for text in texts if _CONTRACT.fullmatch(text) for value in values}
    among = tuple(sorted(chaincodes, key=lambda each: each.name))
    return dict.fromkeys(sorted(names), among)


def calls(function: str, *among: TradeChaincode) -> Callable[[_View], _View]:
    """Declare the *function* that a view calls, if its code does not show it, and the chaincodes that have it."""

    def marked(view: _View) -> _View:
        setattr(view, _MARK, {function: among})
        return view

    return marked


def _written(view: Callable[..., Any]) -> FunctionType | None:
    found = inspect.unwrap(view)
    return found if isinstance(found, FunctionType) else None


def _reached(function: FunctionType | None, seen: set[FunctionType]) -> Iterator[FunctionType]:
    """Yield *function* and the functions of its slice that its code names."""
    if function is None or function in seen or not function.__module__.startswith(_ROOM):
        return
    seen.add(function)
    yield function
    for each in _globals(function):
        if isinstance(each, FunctionType):
            yield from _reached(each, seen)


def _globals(function: FunctionType) -> Iterator[Any]:
    """Yield the globals that its code names, in its own module and in modules that it names."""
    names = set(_names(function.__code__))
    for name in names & function.__globals__.keys():
        found = function.__globals__[name]
        yield found
        if isinstance(found, ModuleType) and found.__name__.startswith(_ROOM):
            yield from (vars(found)[inner] for inner in names & vars(found).keys())


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _texts(code: CodeType) -> Iterator[str]:
    for constant in code.co_consts:
        if isinstance(constant, str):
            yield constant
        elif isinstance(constant, CodeType):
            yield from _texts(constant)


def _closed_over(function: FunctionType) -> set[str]:
    """Return the names of functions in its closure: a text, or a table entry with one."""
    values = [cell.cell_contents for cell in function.__closure__ or ()]
    found = [value if isinstance(value, str) else getattr(value, "function", "") for value in values]
    return {each for each in found if isinstance(each, str) and each.isidentifier()}
