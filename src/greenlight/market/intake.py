"""The door of the store: nothing enters unchecked, and nothing bad enters."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from greenlight.domain import CorporateAction, UserError
from greenlight.market.action_store import keep_actions, merged, stored_actions
from greenlight.market.actions import applicable_actions, counted
from greenlight.market.bars import Adjustment, BarSpec
from greenlight.market.calendars import NS_DAY
from greenlight.market.check import Report, check
from greenlight.market.defects import DefectKind
from greenlight.market.files import read_bars
from greenlight.market.identity import TickerMap
from greenlight.market.quarantine import set_aside
from greenlight.market.store import Change, Store

_NAMED = 10  # symbols in a note


class DefectError(UserError):
    """Bars were refused; `report` names each defect."""

    def __init__(self, message: str, report: Report) -> None:
        super().__init__(message)
        self.report = report


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms bars come in.

    `now` in ns UTC; `quarantine`: bad rows are set aside in a file instead of refusing all;
    `actions` known of the symbols; `tickers`: whose a ticker was when.
    """

    now: int
    quarantine: bool = False
    actions: tuple[CorporateAction, ...] = ()
    tickers: TickerMap | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """A bar table from a named source, the actions that came with it, and notes on reading it."""

    source: str
    table: pl.DataFrame
    actions: tuple[CorporateAction, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Intake:
    """What came in: a change a symbol, the number of actions that were news and that the prices do
    not hold already, the file of rows that were set aside, if any.
    """

    source: str
    report: Report
    changes: tuple[Change, ...]
    actions: int
    notes: tuple[str, ...]
    quarantined: Path | None

    @property
    def added(self) -> int:
        """Number of bars that were not there."""
        return sum(change.added for change in self.changes)

    @property
    def replaced(self) -> int:
        """Number of bars that were there with other values."""
        return sum(change.replaced.height for change in self.changes)

    @property
    def unchanged(self) -> int:
        """Number of bars that were there as they are."""
        return sum(change.unchanged for change in self.changes)


def read_delivery(path: Path, spec: BarSpec, terms: Terms) -> Delivery:
    """A bar file with all that `terms` say of it. Raises UserError when it cannot be read."""
    file = read_bars(path, spec.timeframe)
    inside = file.actions if spec.adjustment is Adjustment.RAW else ()
    table, actions = file.table, merged(inside, terms.actions)
    if terms.tickers is not None:
        table = _identified(table, terms.tickers)
        actions = _known_of(table, merged(terms.tickers.renamed(actions), _fates(terms.tickers)))
    return Delivery(path.name, table, actions, file.notes)


def import_file(store: Store, path: Path, spec: BarSpec, terms: Terms) -> Intake:
    """Bring a bar file in. Raises UserError when it cannot be read or has no bar of regular hours,
    and what `admit` raises.
    """
    intake = admit(store, spec, read_delivery(path, spec, terms), terms)
    if not intake.changes and intake.quarantined is None:
        raise UserError(
            f"{intake.source}: none of its {intake.report.outside} bars lies within the regular "
            f"hours of {spec.calendar}; are these {spec.timeframe} bars, and are they in UTC?"
        )
    return intake


def admit(store: Store, spec: BarSpec, delivery: Delivery, terms: Terms) -> Intake:
    """Check a delivery and keep what is good; adding it again changes nothing.

    Raises DefectError when bars are bad and no quarantine is allowed (or none would help), and
    UserError when the store cannot be written.
    """
    known = merged(stored_actions(store, spec), delivery.actions)
    report = check(delivery.table, spec, now=terms.now, actions=known)
    if report.refusals > 0 and (DefectKind.CLOCK in report.counts() or not terms.quarantine):
        raise DefectError(_refusal(delivery, report), report)
    quarantined = set_aside(store.root, spec, delivery.source, report.bad)
    applied = applicable_actions(delivery.actions, spec.adjustment)
    inside = tuple(action for action in delivery.actions if action not in applied)
    news = keep_actions(store, spec, applied)
    keep_actions(store, spec, inside)  # the check alone holds the prices to them
    changes = [
        store.upsert(spec, str(symbol), bars)
        for (symbol,), bars in report.good.group_by("symbol", maintain_order=True)
    ]
    return Intake(
        delivery.source,
        report,
        tuple(changes),
        news,
        (*delivery.notes, *_notes(report, inside)),
        quarantined,
    )


def _identified(table: pl.DataFrame, tickers: TickerMap) -> pl.DataFrame:
    """Instruments in the place of tickers, which stay beside them."""
    session = table["ts"].to_physical().fill_null(0).to_numpy() // NS_DAY
    names = table["symbol"].fill_null("").to_list()
    owners = pl.Series("symbol", tickers.identify(names, session), dtype=pl.String)
    return table.with_columns(owners.replace("", None), ticker=table["symbol"])


def _fates(tickers: TickerMap) -> tuple[CorporateAction, ...]:
    return (*tickers.changes(), *tickers.delistings())


def _known_of(
    table: pl.DataFrame, actions: Iterable[CorporateAction]
) -> tuple[CorporateAction, ...]:
    symbols = set(table["symbol"].unique())
    return tuple(action for action in actions if action.symbol in symbols)


def _refusal(delivery: Delivery, report: Report) -> str:
    is_hopeless = DefectKind.CLOCK in report.counts()
    worst = DefectKind.CLOCK if is_hopeless else next(iter(report.counts()))
    first = next(report.lines(worst, 1))
    more = report.refusals - 1
    others = f" and {more} more" if more > 0 else ""
    if is_hopeless:
        return f"{delivery.source}: nothing was stored: {first}{others}"
    return (
        f"{delivery.source}: nothing was stored, {report.bad.height} of {delivery.table.height} "
        f"rows are bad: {first}{others}; --quarantine sets them aside"
    )


def _notes(report: Report, inside: Sequence[CorporateAction]) -> Iterator[str]:
    if report.outside > 0:
        yield f"{report.outside} bars outside regular hours were left aside"
    if inside:
        adjustment = report.spec.adjustment
        yield (
            f"{adjustment}-adjusted prices hold {counted(inside)} already: left aside, not applied"
        )


def unmatched(store: Store, spec: BarSpec, terms: Terms) -> str | None:
    """A line naming the symbols of `terms.actions` that have no bars of `spec`; None: all have."""
    given = terms.actions if terms.tickers is None else terms.tickers.renamed(terms.actions)
    known = set(store.symbols(spec))
    idle = [action for action in given if action.symbol not in known]
    if not idle:
        return None
    names = sorted({action.symbol for action in idle})
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    shown = ", ".join(names[:_NAMED])
    verb = "has" if len(idle) == 1 else "have"
    return f"no bars of {shown}{more}: {counted(idle)} {verb} nothing to act on"
