"""Views of the read model for reports."""

from __future__ import annotations

from alembic import op

from gateway.store import reports

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Make the views."""
    connection = op.get_bind()
    for statement in reports.statements(connection.dialect.name):
        connection.exec_driver_sql(statement)
