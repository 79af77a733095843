"""The register of backtests, and how well positions were covered."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make both tables; the view is filled from the journal when the ledger is opened."""
    op.create_table(
        "backtests",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("metrics", sa.Text(), nullable=False),
    )
    op.create_index("backtests_key", "backtests", ["key"], unique=True)
    op.create_table(
        "coverage",
        sa.Column("run", sa.Text(), primary_key=True),
        sa.Column("seq", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("instrument", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("covered_s", sa.Double()),
        sa.Column("exposed_s", sa.Double()),
        sa.Column("uncoverable_s", sa.Double()),
        sa.Column("longest_s", sa.Double()),
    )


def downgrade() -> None:
    """Drop both; the register of backtests is lost, the view is not: it can be made again."""
    op.drop_table("coverage")
    op.drop_table("backtests")
