"""By month, year, sector, regime and strategy; and the funnel: why there was no trade."""

import math
from collections.abc import Sequence

from greenlight.analytics import GroupTrades, PeriodAverage, PeriodReturn
from greenlight.backtest.report import text
from greenlight.backtest.report.text import escape, row, table
from greenlight.backtest.result import Breakdown, FunnelStep, SizingUsed

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def month_map(parts: Breakdown) -> str:
    """A heat map of calendar months; a month without a position is a dot."""
    totals = [abs(month.total) for month in parts.months if month.is_held]
    deepest = max(totals, default=0.0)
    cells = {(month.year, month.month): month for month in parts.months}
    rows = []
    for year in reversed(parts.years):
        line = [str(year.year)]
        inner = "".join(_cell(cells.get((year.year, n)), deepest) for n in range(1, 13))
        total = text.percent(year.total) if year.is_held else "·"
        rows.append(f'<tr><th scope="row">{line[0]}</th>{inner}<td>{total}</td></tr>')
    return table(["", *_MONTHS, "Year"], rows, "months")


def _cell(month: PeriodReturn | None, deepest: float) -> str:
    if month is None:
        return "<td></td>"
    if not month.is_held:
        return '<td class="idle" title="no position">·</td>'
    depth = round(8 + 52 * abs(month.total) / deepest) if deepest > 0.0 else 0
    side = "plus" if month.total >= 0.0 else "minus"
    return f'<td class="{side}" style="--depth:{depth}%">{text.number(month.total * 100.0, 1)}</td>'


def average_line(name: str, average: PeriodAverage) -> str:
    """One sentence on the months (or years) with a position."""
    if average.count == 0:
        return f"No {name} with a position."
    idle = (
        f"; {average.without_position} without one are left out" if average.without_position else ""
    )
    plural = name if average.count == 1 else f"{name}s"
    return (
        f"{average.count} {plural} with a position{idle}: mean {text.percent(average.mean, 2)}, "
        f"{text.percent(average.share_positive, 0)} above zero, best {text.percent(average.best)}, "
        f"worst {text.percent(average.worst)}."
    )


def group_bars(groups: Sequence[GroupTrades]) -> str:
    """Net profit by label as bars from a middle line."""
    largest = max((abs(group.net) for group in groups), default=0.0)
    lines = []
    for group in groups:
        width = 100.0 * abs(group.net) / largest if largest > 0.0 else 0.0
        side = "gain" if group.net >= 0.0 else "loss"
        lines.append(
            f"<div><span>{escape(group.label)}</span>"
            f'<span class="track"><i class="{side}" style="--w:{width:.1f}%"></i></span>'
            f'<span class="value">{text.money(group.net)}</span></div>'
        )
    return f'<div class="bars money">{"".join(lines)}</div>'


def group_table(groups: Sequence[GroupTrades], head: str) -> str:
    """Round trips, win rate and expectancy by label."""
    rows = [
        row(
            [
                escape(group.label),
                text.number(group.count, 0 if float(group.count).is_integer() else 1),
                text.percent(group.win_rate, 0),
                text.percent(group.expectancy, 2),
                text.signed(text.money(group.net), group.net),
            ]
        )
        for group in groups
    ]
    return table([head, "Trades", "Won", "Expectancy", "Net"], rows)


def regime_table(parts: Breakdown) -> str:
    """Sessions by the market's regime at the close before."""
    rows = [
        row(
            [
                escape(group.label),
                f"{group.sessions:,}",
                text.percent(group.total),
                text.number(group.sharpe_ann),
            ]
        )
        for group in parts.regimes
    ]
    return table(["Market regime", "Sessions", "Return", "Sharpe"], rows)


def sizing_line(sizing: SizingUsed) -> str:
    """How entries came by their size, in a sentence or two."""
    if sizing.followed == 0:
        return f"Nothing was calibrated: all {sizing.fixed:,} entries have the fixed size."
    return (
        f"{sizing.followed:,} past candidates were followed to their end ({sizing.finished:,} "
        f"finished) to learn what such scores are worth; {text.percent(sizing.calibrated, 0)} of "
        f"candidates had known odds. {sizing.fixed:,} entries were sized by the fixed fraction, "
        f"uncalibrated; {sizing.kelly:,} by half Kelly ({sizing.capped:,} of them cut at the "
        f"largest position); {sizing.declined:,} candidates were declined, for their odds justify "
        "no bet."
    )


def funnel_bars(steps: Sequence[FunnelStep]) -> str:
    """From votes to fills; bar lengths are logarithmic, or the end could not be seen."""
    largest = max((max(step.count, step.refused) for step in steps), default=1)
    lines = []
    for step in steps:
        is_loss = step.refused > 0
        shown = step.refused if is_loss else step.count
        width = 100.0 * math.log1p(shown) / math.log1p(largest) if largest > 0 else 0.0
        value = f"{text.number(-step.refused, 0)}" if is_loss else f"{step.count:,}"
        lines.append(
            f'<div class="{"lost" if is_loss else "kept"}"><span>{escape(step.label)}</span>'
            f'<span class="track"><i style="--w:{width:.1f}%"></i></span>'
            f'<span class="value">{value}</span></div>'
        )
    return f'<div class="bars">{"".join(lines)}</div>'
