"""Find the functions of a contract class that clients may call, and its defects, when the chaincode starts."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from typing import Any

from hlf.shim import decoding
from hlf.shim.contracts import decorators, results
from hlf.shim.contracts.decorators import FunctionMark
from hlf.shim.errors import ContractError
from hlf.shim.functions import Function, Parameter

HOOKS = {"before_transaction": ("ctx",), "after_transaction": ("ctx", "result"), "unknown_transaction": ("ctx",)}
"""The methods that the runtime itself calls, and their arguments."""


def functions(contract: type[Any], serving: Any, name: str) -> list[Function]:
    """
    Return the decorated functions of the class *contract*, called *name*; they call its object *serving*.

    Raises:
        ContractError: a function or a hook cannot be called; the text has the place and the cure.
    """
    for hook, parameters in HOOKS.items():
        _check_hook(f"{name}.{hook}", getattr(serving, hook), parameters)
    found: dict[str, Function] = {}
    for attribute, method in inspect.getmembers(contract, inspect.isfunction):
        marked = decorators.mark_of(method)
        if marked is None:
            continue
        if attribute in HOOKS:
            raise ContractError(f"{name}.{attribute} is a hook, which the runtime calls; take its decorator away")
        called = marked.name or attribute
        if called in found:
            raise ContractError(f"{name} has two functions named {called}")
        found[called] = _function(name, called, marked, method, getattr(serving, attribute))
    if not found:
        raise ContractError(f"{name} has no function marked @transaction or @query")
    return list(found.values())


def _function(
    contract: str, name: str, mark: FunctionMark, method: Callable[..., Any], call: Callable[..., Any]
) -> Function:
    where = f"{contract}:{name}"
    check_blocking(where, method)
    hints = _hints(where, method)
    signature = list(inspect.signature(call).parameters.values())
    if not signature:
        raise ContractError(f"{where} takes no context; its first parameter is ctx: api.Context")
    parameters = tuple(_parameter(where, parameter, hints) for parameter in signature[1:])
    mark.declared.check(where, tuple(parameter.name for parameter in parameters))
    documentation = inspect.getdoc(method) or ""
    returns = hints.get("return")
    encode = results.encoder(where, returns)
    return Function(contract, name, mark.tag, documentation, parameters, returns, call, mark.declared, encode)


def _parameter(where: str, parameter: inspect.Parameter, hints: dict[str, Any]) -> Parameter:
    name = parameter.name
    if parameter.kind not in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
        raise ContractError(f"{where}: {name} must be positional; arguments on the wire have no names")
    if name not in hints:
        raise ContractError(f"{where}: {name} has no annotation; write its type, as in {name}: str")
    try:
        decoder = decoding.argument(hints[name])
    except ContractError as error:
        raise ContractError(f"{where}: {name}: {error}") from None
    except (NameError, TypeError) as error:
        # The type of a dataclass's field does not exist at run time, or a value in Annotated has no hash.
        raise ContractError(f"{where}: {name}: {hints[name]!r} cannot be read: {error}") from None
    return Parameter(name, hints[name], decoder, parameter.default is parameter.empty)


def _hints(where: str, method: Callable[..., Any]) -> dict[str, Any]:
    try:
        return typing.get_type_hints(method, include_extras=True)
    except (NameError, AttributeError, TypeError, SyntaxError) as error:
        raise ContractError(
            f"{where}: an annotation cannot be read: {error}; import its types in the module, "
            "not under TYPE_CHECKING, and define classes outside of functions"
        ) from None


def check_blocking(where: str, function: Callable[..., Any]) -> None:
    """
    Raise if a call of the function would only make a coroutine or a generator, and run nothing.

    Raises:
        ContractError: it is async, or it yields.
    """
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise ContractError(
            f"{where} is async; write def, without await: the stub's calls block, and each transaction has a thread "
            "of its own, so that others go on"
        )
    if inspect.isgeneratorfunction(function):
        raise ContractError(f"{where} yields; return a list, because the answer is one value")


def _check_hook(where: str, hook: Callable[..., Any], parameters: tuple[str, ...]) -> None:
    check_blocking(where, hook)
    try:
        inspect.signature(hook).bind(*parameters)
    except TypeError:
        listed = ", ".join(("self", *parameters))
        raise ContractError(f"{where} cannot be called; write def {where.rpartition('.')[2]}({listed})") from None
