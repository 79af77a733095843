"""Whether an account can buy anything at all, told before it is tried."""

import numpy as np

from greenlight.domain import Sizing, UserError
from greenlight.engine import Rules
from greenlight.market import History

_NAMED = 3


def unaffordable(history: History, rules: Rules, cash: float) -> tuple[str, ...]:
    """Symbols whose smallest lot never costs less than the largest position at the start."""
    most = _largest_position(rules, cash)
    least = _cheapest_lots(history, rules)
    return tuple(name for name, price in least.items() if price > most)


def require_affordable(history: History, rules: Rules, cash: float) -> None:
    """Raise UserError where not one symbol can be traded, naming what is too dear."""
    small = unaffordable(history, rules, cash)
    if len(small) < len(history.symbols):
        return
    least = _cheapest_lots(history, rules)
    dear = ", ".join(f"{name} {least[name]:,.2f}" for name in small[:_NAMED])
    more = f" and {len(small) - _NAMED} more" if len(small) > _NAMED else ""
    raise UserError(
        f"{cash:,.2f} is too small an account to trade any symbol: a position may cost "
        f"{_largest_position(rules, cash):,.2f} at most, one share costs at least {dear}{more}; "
        "raise account.cash or limits.position"
    )


def _largest_position(rules: Rules, cash: float) -> float:
    limits = rules.limits
    share = min(limits.position, limits.deployed, limits.sector)
    if limits.sizing == Sizing.FRACTION:
        share = min(share, limits.sizing_value)
    return cash * share


def _cheapest_lots(history: History, rules: Rules) -> dict[str, float]:
    """Lowest price ever asked for the smallest lot of each symbol with bars."""
    lots = iter(rules.specs.lot.tolist())
    least: dict[str, float] = {}
    for block in history.blocks:
        for column, symbol in enumerate(block.symbols):
            lot, close = next(lots), block.close[:, column]
            known = close[~np.isnan(close)]
            least[symbol] = float(known.min()) * lot if len(known) > 0 else np.inf
    return least
