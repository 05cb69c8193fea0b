"""The two marks of a contract's methods: ``@transaction`` and ``@query``, with or without declarations."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, overload

from hlf.shim.declarations import Declaration
from hlf.shim.errors import ContractError

Method = TypeVar("Method", bound=Callable[..., Any])
_MARK = "_hlf_function"


@overload
def transaction(method: Method) -> Method: ...


@overload
def transaction(
    *,
    endorsed_by: Sequence[str] | None = None,
    transient: Sequence[str] | None = None,
    called_by: Sequence[str] = (),
) -> Callable[[Method], Method]: ...


def transaction(
    method: Method | None = None,
    *,
    endorsed_by: Sequence[str] | None = None,
    transient: Sequence[str] | None = None,
    called_by: Sequence[str] = (),
) -> Method | Callable[[Method], Method]:
    """
    Let clients submit *method*: it may write. The arguments declare what it is; see ``declarations``.

        @api.transaction(endorsed_by=("caller", "taker"), transient=("draft",))

    Raises:
        ContractError: it marks something else than a method, or a declaration is no list of names.
    """
    # Whoever declares who endorses says all: a function that names no transient field takes none.
    fields = () if transient is None and endorsed_by is not None else transient
    return _marked(
        method,
        "submit",
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
    read_on: Sequence[str] = (),
    transient: Sequence[str] | None = None,
    called_by: Sequence[str] = (),
) -> Callable[[Method], Method]: ...


def query(
    method: Method | None = None,
    *,
    read_on: Sequence[str] = (),
    transient: Sequence[str] | None = None,
    called_by: Sequence[str] = (),
) -> Method | Callable[[Method], Method]:
    """
    Let clients evaluate *method*: it reads, and a write or an event in it is refused as a defect.

    Raises:
        ContractError: it marks something else than a method, or a declaration is no list of names.
    """
    declared = Declaration(
        transient=_names("transient", transient),
        called_by=_names("called_by", called_by) or (),
        read_on=_names("read_on", read_on) or (),
    )
    return _marked(method, "evaluate", declared)


def mark_of(method: object) -> tuple[str, Declaration] | None:
    """Return the tag (``submit`` or ``evaluate``) and the declaration that *method* is marked with, if it is."""
    found: tuple[str, Declaration] | None = getattr(method, _MARK, None)
    return found


def _marked(method: Method | None, tag: str, declared: Declaration) -> Method | Callable[[Method], Method]:
    word = "transaction" if tag == "submit" else "query"

    def mark(marked: Method) -> Method:
        if isinstance(marked, staticmethod | classmethod | property):
            raise ContractError(
                f"@{word} marks a {type(marked).__name__}; write an ordinary method: def name(self, ctx)"
            )
        if not inspect.isfunction(marked):
            raise ContractError(
                f"@{word} marks {marked!r}, which is no method; give declarations by name: @{word}(transient=(...))"
            )
        setattr(marked, _MARK, (tag, declared))
        return marked

    return mark if method is None else mark(method)


def _names(declaration: str, names: Sequence[str] | None) -> tuple[str, ...] | None:
    if isinstance(names, str):
        raise ContractError(f"{declaration} is a list of names; write {declaration}=({names!r},)")
    return None if names is None else tuple(names)
