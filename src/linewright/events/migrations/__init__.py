"""Alembic migrations of the event store; `linewright.events.upgrade` runs them when a store is opened."""
