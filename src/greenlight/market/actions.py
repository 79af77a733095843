"""Rules of corporate actions: what one of each kind must say, and which prices it may be put to."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date

from greenlight.domain import (
    CashDividend,
    CashMerger,
    CorporateAction,
    Delisting,
    SpinOff,
    Split,
    StockMerger,
    TickerChange,
    UserError,
)
from greenlight.market.bars import Adjustment

#: The kinds and what a table calls them, in the order in which those of one day happen to a symbol:
#: a dividend is paid on the units that a split of the same day left.
KINDS: Mapping[str, type[CorporateAction]] = {
    "ticker_change": TickerChange,
    "split": Split,
    "spin_off": SpinOff,
    "dividend": CashDividend,
    "cash_merger": CashMerger,
    "stock_merger": StockMerger,
    "delisting": Delisting,
}
_WORDS = {kind: word for word, kind in KINDS.items()}
_RANKS = {kind: place for place, kind in enumerate(KINDS.values())}

#: What each adjustment has already taken out of the prices.
_INSIDE: Mapping[Adjustment, tuple[type[CorporateAction], ...]] = {
    Adjustment.RAW: (),
    Adjustment.SPLIT: (Split,),
    Adjustment.TOTAL: (Split, SpinOff, CashDividend),
}


def rank(action: CorporateAction) -> int:
    """Place of the action among those of its symbol and day; the smallest happens first."""
    return _RANKS[type(action)]


def named(action: CorporateAction) -> str:
    """Names an action in an error: kind, symbol and ex-date."""
    return f"{_WORDS[type(action)]} of {action.symbol} on {action.ex_date}"


def counted(actions: Iterable[CorporateAction]) -> str:
    """How many of each kind: "12 splits and 1 dividend"."""
    number = Counter(_WORDS[type(action)].replace("_", "-") for action in actions)
    words = [f"{count} {kind}{'' if count == 1 else 's'}" for kind, count in sorted(number.items())]
    return " and ".join(words)


def checked_actions(actions: Iterable[CorporateAction]) -> tuple[CorporateAction, ...]:
    """The actions in order of day, symbol and rank. Raises UserError for the first that cannot be.

    That is one given twice (same symbol, kind and ex-date), a ratio or dividend that is not above
    zero, negative cash, or a share of the basis outside [0, 1).
    """
    ordered = sorted(actions, key=lambda action: (action.ex_date, action.symbol, rank(action)))
    seen: set[tuple[str, date, int]] = set()
    for action in ordered:
        place = (action.symbol, action.ex_date, rank(action))
        if place in seen:
            raise UserError(f"{named(action)} stands twice; keep one, or add the amounts up")
        seen.add(place)
        fault = _fault(action)
        if fault is not None:
            raise UserError(f"{named(action)}: {fault}")
    return tuple(ordered)


def applicable_actions(
    actions: Iterable[CorporateAction], adjustment: Adjustment
) -> tuple[CorporateAction, ...]:
    """The actions that prices of this adjustment have not taken in already."""
    return tuple(action for action in actions if not isinstance(action, _INSIDE[adjustment]))


def refuse_contradictions(
    actions: Iterable[CorporateAction], adjustments: Mapping[str, Adjustment]
) -> None:
    """Raises UserError for an action that the prices of its symbol have taken in already."""
    for action in actions:
        declared = adjustments.get(action.symbol, Adjustment.RAW)
        if isinstance(action, _INSIDE[declared]):
            raise UserError(
                f"{named(action)}: its prices are declared {declared}-adjusted and hold it "
                "already; declare them raw or leave the action out"
            )


def _fault(action: CorporateAction) -> str | None:
    match action:
        case Split(ratio=ratio) | StockMerger(ratio=ratio) | SpinOff(ratio=ratio) if ratio <= 0:
            return f"ratio {ratio} is not above zero"
        case CashDividend(amount=amount) if amount <= 0:
            return f"amount {amount} is not above zero"
        case CashMerger(cash=cash) | StockMerger(cash=cash) if cash < 0:
            return f"cash {cash} is below zero"
        case Delisting(proceeds=proceeds) if proceeds is not None and proceeds < 0:
            return f"proceeds {proceeds} are below zero"
        case SpinOff(basis_share=share) if not 0 <= share < 1:
            return f"share of the basis {share} is not in [0, 1)"
        case StockMerger(symbol=symbol, acquirer=other) | SpinOff(symbol=symbol, child=other):
            return "the other symbol is its own" if symbol == other else None
        case _:
            return None
