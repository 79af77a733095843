"""What alembic runs: the steps, on the connection and in the transaction that it is given."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table="greenlight_version",
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
