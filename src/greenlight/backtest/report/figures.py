"""Figures as plain data for the plotting script; colours are names that the page's theme resolves.

A colour is written ``@name`` here and looked up among the page's CSS variables when it is drawn, so
that light and dark need no second set of figures.
"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from greenlight.backtest.pictures import Curves, Marks, SymbolPicture
from greenlight.backtest.report.text import day

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Figure = dict[str, Any]

_EXCHANGE = ZoneInfo("America/New_York")
_NS = 1_000_000_000
_BENCHMARKS = ("@bench-1", "@bench-2")
_MOST_BARS = 6000
_AFTER = 40  # bars shown after the last fill
_SPANS = {
    True: (("6 months", "month", 6), ("2 years", "year", 2)),
    False: (("1 day", "day", 1), ("1 week", "day", 7)),
}


def equity_figure(curves: Curves, cut: int | None, halted: int | None) -> Figure:
    """Wealth of the account and its benchmarks, drawdown below.

    `views`: for each scaling of the benchmarks which traces are seen; `shown`: the first of them.
    """
    days = [day(session) for session in curves.session.tolist()]
    data = [_line(days, curves.equity, "This strategy", "@bot", 2.4)]
    data.append(_fall(days, curves.equity, "This strategy", "@bot"))
    scalings = ["", ""]
    names = list(dict.fromkeys(bench.name for bench in curves.benchmarks))
    for bench in curves.benchmarks:
        color = _BENCHMARKS[names.index(bench.name) % len(_BENCHMARKS)]
        data.append(_line(days, bench.wealth, bench.name, color, 1.3))
        scalings.append(bench.scaling)
        if bench.name == names[0]:
            data.append(_fall(days, bench.wealth, bench.name, color))
            scalings.append(bench.scaling)
    views = {
        scaling: [own in ("", scaling) for own in scalings]
        for scaling in dict.fromkeys(bench.scaling for bench in curves.benchmarks)
    }
    layout: Figure = {
        "xaxis": {"type": "date", "anchor": "y2", "showgrid": False},
        "yaxis": {"domain": [0.32, 1.0]},
        "yaxis2": {"domain": [0.0, 0.25], "tickformat": ".0%", "nticks": 4},
        "hovermode": "x unified",
        "shapes": _regions(days, curves, cut, halted),
        "annotations": _captions(curves, cut, halted),
    }
    return {"data": data, "layout": layout, "views": views, "shown": curves.shown}


def symbol_figure(picture: SymbolPicture) -> Figure:
    """Bars (or closes) of one symbol with where it was entered and left."""
    picture = _recent(picture)
    times = _times(picture.close_ts, picture.session, picture.is_daily)
    if picture.is_line:
        prices: Figure = {
            "type": "scatter",
            "mode": "lines",
            "x": times,
            "y": _rounded(picture.close),
            "name": f"{picture.symbol} close",
            "line": {"color": "@ink-soft", "width": 1.2},
            "hovertemplate": "%{y:,.2f}<extra></extra>",
        }
    else:
        prices = {
            "type": "candlestick",
            "x": times,
            **{n: _rounded(getattr(picture, n)) for n in ("open", "high", "low", "close")},
            "name": picture.symbol,
            "showlegend": False,
            "increasing": {"line": {"color": "@up", "width": 1}, "fillcolor": "@up"},
            "decreasing": {"line": {"color": "@down", "width": 1}, "fillcolor": "@down"},
        }
    data = [
        prices,
        _marks(picture, picture.entries, "Entries", "triangle-up", "@entry"),
        _marks(picture, picture.exits, "Exits", "triangle-down", "@exit"),
    ]
    axis: Figure = {"type": "date", "rangeslider": {"visible": False}, "showgrid": False}
    axis["rangebreaks"] = _breaks(picture, times)
    axis["range"] = [times[max(len(times) - 500, 0)], times[-1]]
    axis["rangeselector"] = _selector(is_daily=picture.is_daily)
    return {"data": data, "layout": {"xaxis": axis, "yaxis": {"tickprefix": "$"}}}


def _line(days: list[str], wealth: F64, name: str, color: str, width: float) -> Figure:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": days,
        "y": _rounded(wealth),
        "name": name,
        "legendgroup": name,
        "line": {"color": color, "width": width},
        "hovertemplate": "$%{y:,.0f}",
    }


def _fall(days: list[str], wealth: F64, name: str, color: str) -> Figure:
    falls = wealth / np.maximum.accumulate(wealth) - 1.0
    is_bot = color == "@bot"
    return {
        "type": "scatter",
        "mode": "lines",
        "x": days,
        "y": [round(value, 5) for value in falls.tolist()],
        "name": f"{name}: drawdown",
        "legendgroup": name,
        "showlegend": False,
        "yaxis": "y2",
        "line": {"color": color, "width": 1.4 if is_bot else 0.9},
        "fill": "tozeroy" if is_bot else "none",
        "fillcolor": "@bot-wash",
        "hovertemplate": "%{y:.1%}",
    }


def _regions(days: list[str], curves: Curves, cut: int | None, halted: int | None) -> list[Figure]:
    """Grey over what was in sample; hatched grey over what a halt left unobserved."""
    shapes = []
    if cut is not None and cut > int(curves.session[0]):
        shapes.append(_band(days[0], day(cut)))
        shapes.append(_rule(day(cut), "@ink-soft"))
    if halted is not None:
        shapes.append(_band(day(halted), days[-1]))
        shapes.append(_rule(day(halted), "@loss"))
    return shapes


def _captions(curves: Curves, cut: int | None, halted: int | None) -> list[Figure]:
    captions = []
    if cut is not None and cut > int(curves.session[0]):
        captions.append(_caption(day(cut), "in sample", "right", "@ink-faint"))
        captions.append(_caption(day(cut), "<b>out of sample</b>", "left", "@ink"))
    if halted is not None:
        captions.append(_caption(day(halted), "halted", "left", "@loss") | {"y": 0.36})
    return captions


def _band(start: str, end: str) -> Figure:
    return {
        "type": "rect",
        "xref": "x",
        "yref": "paper",
        "x0": start,
        "x1": end,
        "y0": 0,
        "y1": 1,
        "fillcolor": "@band",
        "line": {"width": 0},
        "layer": "below",
    }


def _rule(at: str, color: str) -> Figure:
    line = {"color": color, "width": 1, "dash": "dot"}
    return {"type": "line", "yref": "paper", "x0": at, "x1": at, "y0": 0, "y1": 1, "line": line}


def _caption(at: str, words: str, side: str, color: str) -> Figure:
    return {
        "x": at,
        "y": 1.0,
        "yref": "paper",
        "yanchor": "top",
        "xanchor": side,
        "xshift": 8 if side == "left" else -8,
        "text": words,
        "showarrow": False,
        "font": {"color": color, "size": 12},
    }


def _marks(picture: SymbolPicture, marks: Marks, name: str, shape: str, color: str) -> Figure:
    session = picture.session[np.searchsorted(picture.close_ts, marks.ts)]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": _times(marks.ts, session, picture.is_daily),
        "y": _rounded(marks.price),
        "text": list(marks.words),
        "name": name,
        "marker": {
            "symbol": shape,
            "size": 10,
            "color": color,
            "line": {"color": "@paper", "width": 1},
        },
        "hovertemplate": "%{text}<extra></extra>",
    }


def _times(close_ts: I64, session: I64, is_daily: bool) -> list[str]:  # noqa: FBT001  # one word
    """Dates of daily bars, else exchange time (ET) of the bars' closes."""
    if is_daily:
        return [day(label) for label in session.tolist()]
    moments = (datetime.fromtimestamp(ts // _NS, UTC) for ts in close_ts.tolist())
    return [f"{moment.astimezone(_EXCHANGE):%Y-%m-%d %H:%M}" for moment in moments]


def _recent(picture: SymbolPicture) -> SymbolPicture:
    """What can be looked at: the bars up to soon after the last fill, and not too many of them."""
    fills = [int(marks.ts[-1]) for marks in (picture.entries, picture.exits) if len(marks.ts) > 0]
    latest = max(fills, default=int(picture.close_ts[-1]))
    stop = min(int(np.searchsorted(picture.close_ts, latest)) + _AFTER, len(picture.close_ts))
    rows = slice(max(stop - _MOST_BARS, 0), stop)
    first = int(picture.close_ts[rows][0])
    bars = {name: getattr(picture, name)[rows] for name in _BAR_FIELDS}
    return replace(
        picture,
        **bars,
        entries=_since(picture.entries, first),
        exits=_since(picture.exits, first),
    )


_BAR_FIELDS = ("close_ts", "session", "open", "high", "low", "close")


def _since(marks: Marks, first: int) -> Marks:
    start = int(np.searchsorted(marks.ts, first))
    return Marks(marks.ts[start:], marks.price[start:], marks.words[start:])


def _breaks(picture: SymbolPicture, times: list[str]) -> list[Figure]:
    """Leave out weekends and nights where there are no bars in them."""
    breaks: list[Figure] = []
    weekday = (picture.session + 3) % 7  # 1970-01-01 was a Thursday; Monday is 0
    if not np.any(weekday >= 5):
        breaks.append({"bounds": ["sat", "mon"]})
    if not picture.is_daily:
        clock = [int(time[11:13]) + int(time[14:16]) / 60.0 for time in times]
        if max(clock) - min(clock) < 20.0:
            night = [round(max(clock) + 0.02, 3), round(min(clock) - 0.02, 3)]
            breaks.append({"bounds": night, "pattern": "hour"})
    return breaks


def _selector(*, is_daily: bool) -> Figure:
    buttons: list[Figure] = [
        {"label": label, "step": step, "count": count, "stepmode": "backward"}
        for label, step, count in _SPANS[is_daily]
    ]
    return {
        "buttons": [*buttons, {"label": "All", "step": "all"}],
        "x": 1,
        "xanchor": "right",
        "y": 1.03,
        "bgcolor": "@paper",
        "activecolor": "@rule",
        "bordercolor": "@rule",
        "borderwidth": 1,
        "font": {"color": "@ink-soft", "size": 12},
    }


def _rounded(values: F64) -> list[float | None]:
    """Four decimals or six digits, whichever is finer; NaN becomes null."""
    return [
        None if np.isnan(value) else float(f"{value:.6g}") if abs(value) < 100 else round(value, 2)
        for value in values.tolist()
    ]
