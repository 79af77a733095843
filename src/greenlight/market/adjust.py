"""Forward adjustment: raw prices made continuous from the first bar on, without knowing the future.

At an ex-date the price drops for a reason that is no loss. From that bar on prices are scaled up
for it: a split multiplies them by its ratio, a dividend by 1 / (1 - amount / previous close) (the
total return convention of CRSP, run forward), a spin-off by 1 / (1 - basis share). A history that
is adjusted backward changes its past with each new action; one adjusted forward never does.
"""

from collections.abc import Iterable
from datetime import date

import numpy as np

from greenlight.domain import CashDividend, CorporateAction, SpinOff, Split, UserError
from greenlight.market.arrays import F64, I64
from greenlight.market.tables import day_number

#: Order of actions of one symbol on one day: a dividend is paid on the new units.
_RANK = {Split: 0, SpinOff: 1, CashDividend: 2}


def forward_factors(
    actions: Iterable[CorporateAction], symbol: str, session: I64, close: F64
) -> tuple[F64, F64]:
    """Factors (T) for the prices and the volume of `symbol`, given its raw closes (T, NaN: no bar).

    `session`: days since the epoch, ascending. The factor at t uses actions with ex-date <=
    session[t] and closes before t. Actions up to the first bar's session are not applied: there is
    nothing before to join. Raises UserError for a dividend that is not below the close before it.
    """
    price, volume = np.ones(len(session)), np.ones(len(session))
    scale, last_row, last_close = 1.0, -1, np.nan
    for action in in_order(action for action in actions if action.symbol == symbol):
        row = int(np.searchsorted(session, day_number(action.ex_date)))
        if row == len(session):
            break
        if row != last_row:
            scale, last_row, last_close = 1.0, row, _last(close[:row])
        if np.isnan(last_close):
            continue
        step = forward_step(action, last_close / scale)
        if isinstance(action, Split):
            volume[row:] /= step
        price[row:] *= step
        scale *= step
    return price, volume


def forward_step(action: CorporateAction, before: float) -> float:
    """What prices are multiplied by from an action on, given the close before it; 1 for no change.

    A split divides volume by the same. Raises UserError as `forward_factors`.
    """
    match action:
        case Split(ratio=ratio):
            return float(ratio)
        case SpinOff(basis_share=share):
            return 1.0 / (1.0 - float(share))
        case CashDividend(symbol=symbol, amount=amount, ex_date=ex_date):
            return _dividend_step(symbol, ex_date, float(amount), before)
        case _:
            return 1.0


def in_order(actions: Iterable[CorporateAction]) -> list[CorporateAction]:
    """The actions that prices are adjusted for, in the order in which they are applied."""
    own = [action for action in actions if type(action) in _RANK]
    return sorted(own, key=lambda a: (a.ex_date, _RANK[type(a)]))


def _last(close: F64) -> float:
    known = close[~np.isnan(close)]
    return float(known[-1]) if len(known) > 0 else float("nan")


def _dividend_step(symbol: str, ex_date: date, amount: float, before: float) -> float:
    if amount >= before:
        raise UserError(
            f"dividend of {symbol} on {ex_date}: {amount:g} a unit is not below the close "
            f"before it ({before:g}); is it in another currency, or a merger?"
        )
    return 1.0 / (1.0 - amount / before)
