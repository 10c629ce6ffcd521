"""Run by Alembic with the connection of the store being opened, inside its transaction."""

from __future__ import annotations

from alembic import context

from linewright.events.schema import VERSION_TABLE

context.configure(connection=context.config.attributes["connection"], version_table=VERSION_TABLE)
context.run_migrations()
