"""The tables: against benchmarks, all measures, costs, capacity, delistings, parameters."""

from collections.abc import Callable

from greenlight.backtest.report import text
from greenlight.backtest.report.naming import is_short, period, returned, sharpe_name
from greenlight.backtest.report.text import escape, row, table
from greenlight.backtest.result import Comparison, Fit, Result, Segment

_Reader = Callable[[Segment], str]


def benchmark_table(result: Result) -> str:
    """The strategy and every benchmark, as it is and scaled to be comparable."""
    part = result.headline
    measured = part.performance
    own = [
        "This strategy",
        text.percent(returned(measured)),
        text.percent(measured.volatility_ann),
        _sharpe(part),
        text.percent(measured.max_drawdown),
        text.percent(part.exposure.mean, 0),
        "",
        "",
    ]
    rows = [row(own, css="own")]
    rows += [_comparison(comparison) for comparison in part.comparisons]
    head = ["", f"Return {period(measured)}", "Volatility", sharpe_name(result)]
    head += ["Max drawdown", "Exposure"]
    return table([*head, "Alpha a year against it", "Beta"], rows)


def _comparison(comparison: Comparison) -> str:
    measured, versus = comparison.performance, comparison.versus
    is_plain = comparison.scaling == "as it is"
    alpha = beta = ""
    if versus is not None:
        alpha = _error(*text.percents(versus.alpha_ann, versus.alpha_error_ann))
        digits = 2 if abs(versus.beta) >= 0.1 else 3
        beta = _error(text.number(versus.beta, digits), text.number(versus.beta_error, digits))
    cells = [
        escape(comparison.name if is_plain else comparison.scaling),
        text.percent(returned(measured)),
        text.percent(measured.volatility_ann),
        _error(text.number(measured.sharpe.ratio_ann), text.number(measured.sharpe.error_ann)),
        text.percent(measured.max_drawdown),
        text.percent(comparison.share, 0),
        alpha,
        beta,
    ]
    return row(cells, css="" if is_plain else "scaled")


def measure_table(result: Result) -> str:
    """Every measure, out of sample first, in sample greyed beside it."""
    parts = [p for p in (result.out_of_sample, result.in_sample) if p is not None]
    parts.append(result.whole)
    head = ["", *(part.name.capitalize() for part in parts)]
    rows: list[str] = []
    names = {_SHARPE: f"{sharpe_name(result)} ± standard error"}
    for group, measures in _GROUPS.items():
        rows.append(row([group, *[""] * len(parts)], css="group"))
        rows += [
            row([names.get(name, name), *(read(p) for p in parts)])
            for name, read in measures.items()
        ]
    return table(head, rows, "measures" if len(parts) == 3 else "")


def cost_table(part: Segment) -> str:
    """What trading cost, in money, in basis points of what was traded, in points a year."""
    costs = part.costs
    lines = {
        "Commission and fees": costs.commission,
        "Half spread": costs.spread,
        "Slippage and market impact": costs.slippage,
        "Borrow": costs.borrow,
        "Together": costs.total,
    }
    rows = [
        row(
            [
                name,
                text.money(value),
                text.number(value / costs.traded * 1e4, 1) if costs.traded > 0 else text.NOTHING,
                text.percent(costs.a_year * value / costs.total, 2)
                if costs.total > 0
                else text.NOTHING,
            ],
            css="own" if name == "Together" else "",
        )
        for name, value in lines.items()
    ]
    return table(["", "Paid", "bp of what was traded", "of equity a year"], rows)


def capacity_table(result: Result) -> str:
    """The same run with more money: what size does to it."""
    rows = [
        row(
            [
                f"{line.multiple:g}{text.TIMES}",
                text.money(line.cash),
                text.percent(line.annual_return),
                text.number(line.sharpe_ann),
                text.number(line.costs_bps, 1),
                f"{line.fills:,}",
                f"{line.refused_volume:,}",
            ]
        )
        for line in result.capacity
    ]
    head = ["Money", "", "Return a year", "Sharpe", "Costs, bp traded", "Fills", "Refused: volume"]
    return table(head, rows)


def delisting_table(result: Result) -> str:
    """The same run with other proceeds for delistings that nobody knows the proceeds of."""
    rows = [
        row(
            [
                text.percent(line.delist_return, 0),
                text.percent(line.total_return),
                text.percent(line.annual_return),
                f"{line.affected:,}",
            ]
        )
        for line in result.delisting
    ]
    return table(["Return on delisting", "Total", "A year", "Positions hit"], rows)


def voice_table(result: Result) -> str:
    """Which strategies voted, with what weight and parameters."""
    rows = [
        row(
            [
                escape(voice.name),
                text.number(voice.weight),
                f"<code>{escape(_settings(voice.parameters))}</code>",
                "fitted" if voice.is_fitted else "as declared",
                text.percent(voice.unchecked, 0) if voice.unchecked > 0.0 else "",
            ]
        )
        for voice in result.voices
    ]
    return table(["Strategy", "Weight", "Parameters", "", "Votes unchecked"], rows)


def fit_table(fits: tuple[Fit, ...]) -> str:
    """What was chosen where, and what it was chosen over."""
    rows = [
        row(
            [
                escape(fit.strategy),
                _stacked(fit.start, fit.end),
                _stacked(fit.used_from, fit.used_to),
                f"{fit.tried:,}",
                f"<code>{escape(_settings(fit.chosen))}</code>",
                text.number(fit.objective),
                text.number(fit.default_objective),
            ]
        )
        for fit in fits
    ]
    head = ["Strategy", "Chosen on", "Used on", "Tried", "Chosen", "Sharpe there", "Default's"]
    return table(head, rows)


def _stacked(start: int, end: int) -> str:
    return f"{text.day(start)} to<br>{text.day(end)}"


def _settings(parameters: object) -> str:
    pairs = dict(parameters) if isinstance(parameters, dict) else {}
    return ", ".join(f"{name} = {_value(value)}" for name, value in pairs.items()) or "none"


def _value(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _error(value: str, error: str) -> str:
    if text.NOTHING in (value, error):
        return value
    return f'{value} <span class="error">± {error}</span>'


def _sharpe(part: Segment) -> str:
    sharpe = part.performance.sharpe
    return _error(text.number(sharpe.ratio_ann), text.number(sharpe.error_ann))


def _fall(part: Segment) -> str:
    measured = part.performance
    if measured.max_drawdown <= 0.0:
        return text.NOTHING
    recovery = "not recovered" if measured.recovery is None else text.day(measured.recovery)
    lines = (f"{text.day(measured.peak)} to {text.day(measured.trough)}", f"back {recovery}")
    if measured.recovery is None:
        lines = (lines[0], recovery)
    dates = "".join(f'<span class="dates">{line}</span>' for line in lines)
    return f"{text.percent(measured.max_drawdown)}{dates}"


def _a_year(part: Segment) -> str:
    measured = part.performance
    return text.NOTHING if is_short(measured) else text.percent(measured.annual_return, 2)


_SHARPE = "Sharpe ratio"
_GROUPS: dict[str, dict[str, _Reader]] = {
    "Return and risk": {
        "From": lambda p: text.day(p.performance.first),
        "To": lambda p: text.day(p.performance.end),
        "Total return": lambda p: text.percent(p.performance.total_return),
        "Return a year": _a_year,
        "Volatility a year": lambda p: text.percent(p.performance.volatility_ann, 2),
        _SHARPE: _sharpe,
        "Sortino ratio": lambda p: text.number(p.performance.sortino_ann),
        "Calmar ratio": lambda p: text.number(p.performance.calmar),
        "Max drawdown, from peak to trough": _fall,
        "Chance of a Sharpe above 0, single trial": lambda p: text.probability(p.probabilistic),
        "… after all trials (deflated)": lambda p: text.probability(p.deflated),
    },
    "Trades": {
        "Finished round trips": lambda p: f"{p.trades.count:,}",
        "Win rate": lambda p: _error(
            text.percent(p.trades.win_rate), text.percent(p.trades.win_rate_error)
        ),
        "Expectancy a trade": lambda p: _error(
            text.percent(p.trades.expectancy, 2), text.percent(p.trades.expectancy_error, 2)
        ),
        "Expectancy in money": lambda p: text.money(p.trades.expectancy_money),
        "Payoff (mean win / mean loss)": lambda p: text.number(p.trades.payoff),
        "Profit factor": lambda p: text.number(p.trades.profit_factor),
        "Held, mean / median days": lambda p: (
            f"{text.number(p.trades.mean_holding_days, 1)} / "
            f"{text.number(p.trades.median_holding_days, 1)}"
        ),
    },
    "Exposure and turnover": {
        "Exposure, mean": lambda p: text.percent(p.exposure.mean),
        "Exposure while in a position": lambda p: text.percent(p.exposure.mean_held),
        "Exposure, largest": lambda p: text.percent(p.exposure.peak),
        "Time with a position": lambda p: text.percent(p.exposure.share_held, 0),
        "Turnover a year": lambda p: f"{text.number(p.turnover, 1)}{text.TIMES}",
        "Costs a year": lambda p: text.percent(p.costs.a_year, 2),
    },
}
