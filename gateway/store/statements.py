"""Statements of SQLAlchemy's Core, compiled once for each kind of database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.compiler import SQLCompiler


class PreparedStatement:
    """
    A statement that requests use often. It is compiled at its first use, which takes longer than most queries.

    *columns* are those that an INSERT or UPDATE sets. Parameters in its WHERE must have other names.
    """

    def __init__(self, statement: sa.Executable, *columns: str) -> None:
        self._statement = statement
        self._columns = columns
        self._written: dict[str, tuple[str, dict[str, Any]]] = {}

    def written(self, dialect: sa.Dialect) -> tuple[str, Mapping[str, Any]]:
        """Return the statement in the words of this database, and the values in it; its parameters have names."""
        found = self._written.get(dialect.name)
        if found is None:
            compiled = _compiled(self._statement, dialect, self._columns)
            values = {name: each.value for name, each in compiled.binds.items() if not each.required}
            found = self._written[dialect.name] = (str(compiled), values)
        return found


def written(statement: sa.Executable, dialect: sa.Dialect) -> tuple[str, Mapping[str, Any]]:
    """Return a statement that is made for one request, and the values in it."""
    compiled = _compiled(statement, dialect, (), render_postcompile=True)
    return str(compiled), compiled.params


def _compiled(statement: sa.Executable, dialect: sa.Dialect, columns: tuple[str, ...], **options: bool) -> SQLCompiler:
    compiled = statement.compile(dialect=dialect, column_keys=list(columns) or None, compile_kwargs=options)  # type: ignore[attr-defined]
    assert isinstance(compiled, SQLCompiler)  # noqa: S101  For the type checker: every Executable gives one.
    return compiled
