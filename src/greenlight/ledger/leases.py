"""One account has one writer: a lease with a number, the fence, that only rises."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from greenlight.domain import UserError
from greenlight.ledger.schema import LEASES

_NS = 1_000_000_000
# built once: every write says it
_BEAT = (
    update(LEASES)
    .where(LEASES.c.account == bindparam("whose"), LEASES.c.fence == bindparam("mine"))
    .values(beat_ts=bindparam("now"))
)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write and send for an account, as long as nobody has raised the fence."""

    account: str
    holder: str
    fence: int


@dataclass(frozen=True, slots=True)
class LeaseRow:
    """Who has, or last had, an account; times are the machine's clock, ns UTC."""

    account: str
    fence: int
    holder: str
    taken_ts: int
    beat_ts: int
    is_held: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """Who wants an account, and when. stale_s: how long a holder may be silent.

    force: take it whoever has it (the kill switch). is_gone: whether the process that a holder's
    name tells of is known to have ended, so that nobody has to wait for its silence.
    """

    account: str
    holder: str
    wall_ts: int
    stale_s: float = 30.0
    force: bool = False
    is_gone: Callable[[str], bool] = lambda _: False


def take(connection: Connection, claim: Claim) -> Lease:
    """Raise the fence. Raises UserError where somebody else is alive and holds the account."""
    row = find(connection, claim.account, lock=True)
    if row is None:
        _make(connection, claim.account)
        row = find(connection, claim.account, lock=True)
        assert row is not None  # noqa: S101  # made above, in this transaction or another's
    if row.is_held and not claim.force and not _is_free(row, claim):
        silent = (claim.wall_ts - row.beat_ts) / _NS
        raise UserError(
            f"account {claim.account} is held by {row.holder}, last heard of {silent:.0f} s ago; "
            f"stop it first, or wait until it has been silent for {claim.stale_s:.0f} s"
        )
    lease = Lease(claim.account, claim.holder, row.fence + 1)
    connection.execute(
        update(LEASES)
        .where(LEASES.c.account == claim.account)
        .values(
            fence=lease.fence,
            holder=claim.holder,
            taken_ts=claim.wall_ts,
            beat_ts=claim.wall_ts,
            is_held=True,
        )
    )
    return lease


def beat(connection: Connection, lease: Lease, wall_ts: int) -> bool:
    """Show that the holder lives; False where the lease is lost.

    In the transaction of a write it also keeps the fence from being raised before the commit.
    """
    values = {"whose": lease.account, "mine": lease.fence, "now": wall_ts}
    return connection.execute(_BEAT, values).rowcount == 1


def release(connection: Connection, lease: Lease) -> None:
    """Give the account up; nothing where it is lost already."""
    mine = (LEASES.c.account == lease.account) & (LEASES.c.fence == lease.fence)
    connection.execute(update(LEASES).where(mine).values(is_held=False))


def find(connection: Connection, account: str, *, lock: bool = False) -> LeaseRow | None:
    """The account's lease; locked until the transaction ends where the database can."""
    query = select(LEASES).where(LEASES.c.account == account)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return None if row is None else LeaseRow(**row._mapping)


def _is_free(row: LeaseRow, claim: Claim) -> bool:
    return claim.wall_ts - row.beat_ts >= claim.stale_s * _NS or claim.is_gone(row.holder)


def _make(connection: Connection, account: str) -> None:
    """A first row; another process may be faster."""
    first = insert(LEASES).values(
        account=account, fence=0, holder="", taken_ts=0, beat_ts=0, is_held=False
    )
    try:
        with connection.begin_nested():
            connection.execute(first)
    except IntegrityError:
        return
