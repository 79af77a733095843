"""The journal, its seals and leases, and the first views."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_EXACT = sa.Text().with_variant(sa.Numeric(), "postgresql")

#: Columns by name; "?" marks one that may be NULL.
_JOURNAL = {
    "journal": (
        ("run", "seq"),
        "run:text seq:int ts:int wall_ts:int kind:text body:text mac:text account:text",
    ),
    "heads": (
        ("run",),
        "run:text number:int account:text key_id:text link:text count:int mac:text seal:text",
    ),
    "book": (("id",), "id:small key_id:text runs:int link:text seal:text"),
    "leases": (
        ("account",),
        "account:text fence:int holder:text taken_ts:int beat_ts:int is_held:bool",
    ),
}
_VIEWS = {
    "runs": (
        ("run",),
        "run:text account:text broker:text mode:text began_ts:int began_wall_ts:int cash:exact "
        "symbols:text code_version:text state:text is_halted:bool is_killed:bool fence:int "
        "holder:text why:text",
    ),
    "positions": (
        ("run", "instrument"),
        "run:text instrument:text quantity:exact average:exact realised:exact fees:exact "
        "opened_ts:int updated_ts:int",
    ),
    "orders": (
        ("run", "client_id"),
        "run:text client_id:text venue_id:text instrument:text side:text kind:text role:text "
        "intent:int? quantity:exact price:exact? limit_price:exact? stop_price:exact? state:text "
        "filled:exact average:exact? replaces:text replaced_by:text reason:text sent_ts:int? "
        "updated_ts:int",
    ),
    "names": (("run", "venue_id"), "run:text venue_id:text client_id:text"),
    "fills": (
        ("run", "seq", "n"),
        "run:text seq:int n:int ts:int instrument:text side:text role:text intent:int "
        "quantity:exact price:exact reference:exact fee:exact client_id:text venue_id:text "
        "execution_id:text",
    ),
    "equity": (("run", "seq"), "run:text seq:int ts:int equity:float? cash:float?"),
    "decisions": (
        ("run", "seq", "n"),
        "run:text seq:int n:int ts:int instrument:text action:text reason:text side:text "
        "quantity:float? price:float? score:float? intent:int is_calibrated:bool",
    ),
    "halts": (("run", "seq"), "run:text seq:int ts:int what:text by:text why:text"),
    "approvals": (
        ("run", "id"),
        "run:text id:text instrument:text side:text quantity:float? price:float? asked_ts:int "
        "expires_ts:int state:text by:text decided_ts:int?",
    ),
    "heartbeats": (
        ("run", "seq"),
        "run:text seq:int ts:int wall_ts:int equity:float? cash:float? lags:text",
    ),
}
_TYPES: dict[str, Any] = {
    "text": sa.Text(),
    "int": sa.BigInteger(),
    "small": sa.Integer(),
    "float": sa.Double(),
    "bool": sa.Boolean(),
    "exact": _EXACT,
}


def upgrade() -> None:
    """Make the tables."""
    for name, (keys, text) in {**_JOURNAL, **_VIEWS}.items():
        op.create_table(name, *[_column(one, keys) for one in text.split()])
    op.create_index("heads_number", "heads", ["number"], unique=True)
    op.create_index("orders_state", "orders", ["run", "state"])
    op.create_index("fills_instrument", "fills", ["run", "instrument"])
    op.create_index("decisions_instrument", "decisions", ["run", "instrument"])


def downgrade() -> None:
    """Drop them all."""
    for name in (*_VIEWS, *_JOURNAL):
        op.drop_table(name)


def _column(text: str, keys: tuple[str, ...]) -> sa.Column[Any]:
    name, _, kind = text.partition(":")
    return sa.Column(
        name,
        _TYPES[kind.removesuffix("?")],
        primary_key=name in keys,
        autoincrement=False,
        nullable=kind.endswith("?"),
    )
