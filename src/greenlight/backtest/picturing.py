"""Series for the report's charts, taken from a finished run."""

import numpy as np

from greenlight.analytics import equal_volatility_share, scaled, wealth_index
from greenlight.backtest.measurement import Benchmark
from greenlight.backtest.pictures import Curve, Curves, Marks, Pictures, SymbolPicture
from greenlight.backtest.result import SCALINGS
from greenlight.backtest.sessions import Sessions
from greenlight.domain import Reason, Role, Side, Timeframe
from greenlight.engine import Run
from greenlight.scoring import I64, Assembled, Seen

MOST_SYMBOLS = 8
#: From this mean exposure on the account is drawn beside benchmarks that are fully invested.
_COMPARABLE = 0.5


def picture(
    assembled: Assembled,
    run: Run,
    days: Sessions,
    benchmarks: tuple[Benchmark, ...],
    cash: float,
) -> Pictures:
    """Curves of the account and its benchmarks, and the most traded symbols with their fills."""
    seen = slice(0, days.observed)
    share = float(np.mean(days.gross[seen]))
    curves = []
    for bench in benchmarks:
        excess = days.returns[seen] - days.bills[seen]
        even = equal_volatility_share(excess, bench.returns[seen] - days.bills[seen])
        for scaling, part in zip(SCALINGS, (1.0, share, even), strict=True):
            if np.isfinite(part):
                returns = scaled(bench.returns, days.bills, part)
                curves.append(Curve(bench.name, scaling, cash * wealth_index(returns)[1:]))
    shown = SCALINGS[0] if share >= _COMPARABLE else SCALINGS[1]
    symbols = tuple(_symbol(assembled, run, one) for one in _most_traded(assembled, run))
    return Pictures(Curves(days.label, days.equity, tuple(curves), shown), symbols)


def _most_traded(assembled: Assembled, run: Run) -> list[Seen]:
    counts = np.bincount(run.fills["symbol"], minlength=len(assembled.history.symbols))
    order = np.argsort(-counts, kind="stable")[:MOST_SYMBOLS]
    by_symbol = {one.symbol: one for one in assembled.seen}
    return [by_symbol[i] for i in order.tolist() if counts[i] > 0 and i in by_symbol]


def _symbol(assembled: Assembled, run: Run, one: Seen) -> SymbolPicture:
    block = assembled.history.blocks[one.block]
    column, rows = one.column, one.rows
    fills = run.fills[run.fills["symbol"] == one.symbol]
    is_entry = fills["role"] == Role.ENTRY
    return SymbolPicture(
        symbol=one.view.symbol,
        is_daily=block.timeframe is Timeframe.D1,
        is_line=block.closes_only,
        close_ts=block.close_ts[rows],
        session=block.session[rows],
        open=block.open[rows, column],
        high=block.high[rows, column],
        low=block.low[rows, column],
        close=block.close[rows, column],
        entries=_marks(assembled, fills[is_entry]),
        exits=_marks(assembled, fills[~is_entry]),
    )


def _marks(assembled: Assembled, fills: np.ndarray[tuple[int, ...], np.dtype[np.void]]) -> Marks:
    rows: I64 = fills["row"]
    words = tuple(
        f"{Side(int(fill['side'])).name} {fill['quantity']:,.6g} at {fill['price']:,.2f}, "
        f"{_why(fill)}"
        for fill in fills
    )
    return Marks(assembled.tape.close_ts[rows], fills["price"].astype(np.float64), words)


def _why(fill: np.void) -> str:
    role = Role(int(fill["role"]))
    if role is Role.EXIT:
        return Reason(int(fill["reason"])).name.lower()
    return role.name.lower()
