"""What a figure is called where it does not mean what it usually means."""

from greenlight.analytics import Performance
from greenlight.backtest.result import Result

_YEAR = 365


def is_short(measured: Performance) -> bool:
    """Whether less than a year was observed: too little to say what it makes a year."""
    return measured.end - measured.start < _YEAR


def returned(measured: Performance) -> float:
    """The return a year, or over the whole period where that is shorter than a year."""
    return measured.total_return if is_short(measured) else measured.annual_return


def period(measured: Performance) -> str:
    """What `returned` is the return of."""
    if not is_short(measured):
        return "a year"
    return "in 1 session" if measured.sessions == 1 else f"in {measured.sessions:,} sessions"


def sharpe_name(result: Result) -> str:
    """The Sharpe ratio by what it is in excess of."""
    known = result.provenance.has_rates
    return "Sharpe ratio over bills" if known else "Sharpe ratio (bills unknown, taken as zero)"
