"""The two decorators of a contract's methods, ``@transaction`` and ``@query``, with or without declarations."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, overload

from hlf.shim.declarations import Declaration
from hlf.shim.errors import ContractError

Method = TypeVar("Method", bound=Callable[..., Any])
_MARK = "_hlf_function"
_NAME = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True)
class FunctionMark:
    """
    A decorator's data about a method.

    Attributes:
        tag: ``submit`` or ``evaluate``.
        name: its name for clients, if that is not the method's own name.
        declared: its declaration.
    """

    tag: str
    name: str
    declared: Declaration


@overload
def transaction(method: Method) -> Method: ...


@overload
def transaction(
    *,
    name: str = "",
    endorsed_by: Sequence[str] | None = None,
    transient: Sequence[str] | None = None,
    called_by: Sequence[str] = (),
) -> Callable[[Method], Method]: ...


def transaction(
    method: Method | None = None,
    *,
    name: str = "",
    endorsed_by: Sequence[str] | None = None,
    transient: Sequence[str] | None = None,
    called_by: Sequence[str] = (),
) -> Method | Callable[[Method], Method]:
    """
    Let clients submit *method*, which may write. The arguments declare its properties; see ``declarations``.

        @api.transaction(endorsed_by=("caller", "taker"), transient=("draft",))

    *name* is its name for clients, if that is not the method's name, as in contracts that were written in Go.

    Raises:
        ContractError: it marks something that is no method, or a declaration is no list of names.
    """
    # A function that declares its endorsers but no transient field takes none.
    fields = () if transient is None and endorsed_by is not None else transient
    return _marked(
        method,
        "submit",
        name,
        Declaration(
            endorsed_by=_names("endorsed_by", endorsed_by),
            transient=_names("transient", fields),
            called_by=_names("called_by", called_by) or (),
        ),
    )


@overload
def query(method: Method) -> Method: ...


@overload
def query(
    *,
    name: str = "",
    read_on: Sequence[str] = (),
    transient: Sequence[str] | None = None,
    called_by: Sequence[str] = (),
) -> Callable[[Method], Method]: ...


def query(
    method: Method | None = None,
    *,
    name: str = "",
    read_on: Sequence[str] = (),
    transient: Sequence[str] | None = None,
    called_by: Sequence[str] = (),
) -> Method | Callable[[Method], Method]:
    """
    Let clients evaluate *method*, which only reads; a write or an event in it is refused as a defect.

    Raises:
        ContractError: it marks something that is no method, or a declaration is no list of names.
    """
    declared = Declaration(
        transient=_names("transient", transient),
        called_by=_names("called_by", called_by) or (),
        read_on=_names("read_on", read_on) or (),
    )
    return _marked(method, "evaluate", name, declared)


def mark_of(method: object) -> FunctionMark | None:
    """Return the mark of *method*, or None."""
    found: FunctionMark | None = getattr(method, _MARK, None)
    return found


def _marked(method: Method | None, tag: str, name: str, declared: Declaration) -> Method | Callable[[Method], Method]:
    word = "transaction" if tag == "submit" else "query"
    if name and not _NAME.fullmatch(name):
        raise ContractError(f"@{word} names a function {name!r}; take a word, as CreateAsset")

    def mark(marked: Method) -> Method:
        if isinstance(marked, staticmethod | classmethod | property):
            raise ContractError(
                f"@{word} marks a {type(marked).__name__}; write an ordinary method: def name(self, ctx)"
            )
        if not inspect.isfunction(marked):
            raise ContractError(
                f"@{word} marks {marked!r}, which is no method; give declarations by keyword: @{word}(transient=(...))"
            )
        setattr(marked, _MARK, FunctionMark(tag, name, declared))
        return marked

    return mark if method is None else mark(method)


def _names(declaration: str, names: Sequence[str] | None) -> tuple[str, ...] | None:
    if isinstance(names, str):
        raise ContractError(f"{declaration} is a list of names; write {declaration}=({names!r},)")
    return None if names is None else tuple(names)
