"""Run by Alembic: do the steps on the connection that ``gateway.store.migrating`` gives."""

from __future__ import annotations

from alembic import context

from gateway.store.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()
