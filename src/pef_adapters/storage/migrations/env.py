"""Alembic's entry: runs the migrations on the connection that `migrate` hands in.

Each migration is a transaction of its own, so that work under way waits for one at a time,
and what is done stays done where a later one has to step aside.
"""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"], transaction_per_migration=True
)
with context.begin_transaction():
    context.run_migrations()
