"""The page as one self-contained HTML file."""

import importlib.util
import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from greenlight.backtest.pictures import Pictures, SymbolPicture
from greenlight.backtest.report import breakdown, measures, opening
from greenlight.backtest.report.figures import equity_figure, symbol_figure
from greenlight.backtest.report.text import DASH, escape, note
from greenlight.backtest.result import SCALINGS, Result

_VIEWS = {"as it is": "as they are"}
_SECTIONS = {
    "curve": "Equity",
    "benchmarks": "Benchmarks",
    "measures": "Measures",
    "calendar": "Calendar",
    "trades": "Trades",
    "funnel": "Why no trade",
    "limits": "Limits",
}


def build_report(result: Result, pictures: Pictures, config: Mapping[str, Any]) -> str:
    """Build report.html: everything inside, nothing fetched, the same bytes for the same input."""
    script = _plotly()
    parts = [
        opening.title_block(result),
        opening.verdict_block(result),
        _curve(result, has_charts=bool(script)),
        _benchmarks(result),
        _measures(result),
        _calendar(result),
        _groups(result),
        _trades(pictures, has_charts=bool(script)),
        _funnel(result),
        _sensitivity(result),
        _parameters(result),
        _limits(result, config),
    ]
    links = "".join(f'<a href="#{name}">{label}</a>' for name, label in _SECTIONS.items())
    return Template(_file("page.html")).substitute(
        title=escape(f"{result.title} {DASH} backtest"),
        css=_file("page.css"),
        links=links,
        body="\n".join(parts),
        figures=_embedded(_figures(result, pictures)),
        plotly=script.replace("</script", "<\\/script"),
        js=_file("page.js"),
    )


def _figures(result: Result, pictures: Pictures) -> dict[str, Any]:
    halted = None if result.halt is None else result.halt.session
    return {
        "equity": equity_figure(pictures.curves, result.cut, halted),
        "symbols": [symbol_figure(picture) for picture in pictures.symbols],
    }


def _curve(result: Result, *, has_charts: bool) -> str:
    words = "The account against its benchmarks; below, the drawdown from the peak."
    if result.cut is not None and result.in_sample is not None:
        words += " Grey is what was in sample."
    chart = _chart("equity", "Equity, benchmarks and drawdown", has_charts=has_charts)
    views = "".join(
        f'<button type="button" data-view="{view}" aria-pressed="false">'
        f"{_VIEWS.get(view, view)}</button>"
        for view in SCALINGS
    )
    tools = f'<div class="tools" role="group"><span>Benchmarks</span>{views}</div>'
    return _section("curve", "Equity", words, (tools if has_charts else "") + chart)


def _benchmarks(result: Result) -> str:
    words = (
        f"{result.headline.name.capitalize()}, after costs. Each benchmark also with the "
        "strategy's mean exposure, the rest in bills, and scaled to its volatility: against those "
        "a strategy that merely holds less cannot shine."
    )
    return _section(
        "benchmarks",
        "Against the benchmarks",
        words,
        measures.benchmark_table(result),
    )


def _measures(result: Result) -> str:
    words = "Returns are of sessions, in excess of bills where a ratio says so."
    if not result.provenance.has_rates:
        words += " No bill rate is known for this span; it was taken as zero."
    costs = f"<h3>Costs paid, {result.headline.name}</h3>{measures.cost_table(result.headline)}"
    return _section("measures", "All measures", words, measures.measure_table(result) + costs)


def _calendar(result: Result) -> str:
    parts = result.breakdown
    words = breakdown.average_line("month", parts.month_average)
    years = note(breakdown.average_line("year", parts.year_average))
    return _section("calendar", "Month by month", words, breakdown.month_map(parts) + years)


def _groups(result: Result) -> str:
    parts = result.breakdown
    left = (
        f"<div><h3>By sector</h3>{breakdown.group_bars(parts.sectors)}"
        f"{breakdown.group_table(parts.sectors, 'Sector')}</div>"
    )
    voices = (
        f"<div><h3>By strategy</h3>{breakdown.group_bars(parts.strategies)}"
        f"{breakdown.group_table(parts.strategies, 'Strategy')}"
        f"{note('A trade belongs to the voices that voted for it, in proportion to their votes.')}"
        "</div>"
    )
    regimes = f"<div><h3>By regime</h3>{breakdown.regime_table(parts)}</div>"
    exits = f"<div><h3>By exit</h3>{breakdown.group_table(parts.exits, 'Left because')}</div>"
    body = f'<div class="columns">{left}{voices}{regimes}{exits}</div>'
    return _section("groups", "Where it came from", "Finished round trips of the whole run.", body)


def _trades(pictures: Pictures, *, has_charts: bool) -> str:
    if not pictures.symbols:
        return _section("trades", "Entries and exits", "There was no trade to show.", "")
    options = "".join(
        f'<option value="{place}">{escape(picture.symbol)} · {_fills(picture)} fills</option>'
        for place, picture in enumerate(pictures.symbols)
    )
    words = (
        "The most traded symbols, to their last fill. Drag to look closer, double-click to return."
    )
    if not all(picture.is_daily for picture in pictures.symbols):
        words += " Times within a day are New York's."
    if any(picture.is_line for picture in pictures.symbols):
        words += " A line where only closes are known."
    tools = (
        f'<div class="tools"><label for="symbol">Symbol</label><select id="symbol">{options}'
        "</select></div>"
    )
    chart = _chart("candles", "Prices with entries and exits", has_charts=has_charts)
    return _section("trades", "Entries and exits", words, tools + chart)


def _fills(picture: SymbolPicture) -> str:
    return f"{len(picture.entries.ts) + len(picture.exits.ts):,}"


def _funnel(result: Result) -> str:
    words = "From votes to fills: what each step let through, what the first refusing gate took."
    scale = note("Bar lengths are logarithmic.")
    body = breakdown.funnel_bars(result.funnel) + scale + note(breakdown.sizing_line(result.sizing))
    return _section("funnel", "Why no trade", words, body)


def _sensitivity(result: Result) -> str:
    words = "The same run with more money. Impact grows with the root of the share of volume taken."
    if not result.provenance.has_volume:
        words += " Volume is not known here, so neither impact nor the volume gate could bind."
    body = measures.capacity_table(result)
    if result.delisting:
        body += "<h3>If delistings had paid something else</h3>" + measures.delisting_table(result)
    return _section("capacity", "How much money it bears", words, body)


def _parameters(result: Result) -> str:
    body = measures.voice_table(result)
    words = "Nothing was fitted: parameters are the declared ones, or given."
    if result.fits:
        words = "Chosen by the Sharpe ratio on the training part; the default stays unless beaten "
        words += "by more than one standard error."
        body += f"<h3>What was chosen, and where</h3>{measures.fit_table(result.fits)}"
    return _section("parameters", "Strategies and parameters", words, body)


def _limits(result: Result, config: Mapping[str, Any]) -> str:
    origin = result.provenance
    items = "".join(f"<li>{escape(item)}</li>" for item in (*NOT_MODELLED, *result.notes))
    facts = {
        "Code": origin.code_version,
        "Data": origin.source,
        "Data fingerprint": f"sha256 {origin.fingerprint}",
        "Prices": ", ".join(origin.adjustments),
        "Run key": origin.key,
        "Trials on this history": f"{result.trials.trials:,}",
    }
    listed = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in facts.items())
    settings = escape(json.dumps(config, indent=2, sort_keys=True, default=str))
    body = (
        f'<ul class="plain">{items}</ul><h3>To run it again</h3><dl class="plain">{listed}</dl>'
        f"<details><summary>Configuration</summary><pre>{settings}</pre></details>"
        f"<details><summary>Symbols</summary><p>{escape(', '.join(result.symbols))}</p></details>"
    )
    words = "The simulation errs on the dark side where a bar leaves room, but it is a simulation."
    return _section("limits", "What it does not model", words, body)


NOT_MODELLED = (
    "The path inside a bar: where stop and target lie in one bar, the stop comes first; a limit "
    "fills only when traded through.",
    "The queue at a price, partial fills by others, the auction at open and close.",
    "The effect of one's own orders on later prices; impact is paid once, at the fill.",
    "The bot's own watch between two closes of bars, and any outage.",
    "Correlation across calendars and time frames; taxes; changes of a broker's terms beyond the "
    "dated fees.",
)


def _section(name: str, title: str, words: str, body: str) -> str:
    return f'<section id="{name}"><h2>{title}</h2><p>{words}</p>{body}</section>'


def _chart(name: str, label: str, *, has_charts: bool) -> str:
    if has_charts:
        return f'<div class="chart" id="{name}" role="img" aria-label="{label}"></div>'
    return (
        f'<div class="chart empty" id="{name}">Charts need the extra <code>report</code>: '
        "<code>pip install greenlight[report]</code></div>"
    )


def _file(name: str) -> str:
    return files("greenlight.backtest.report").joinpath(name).read_text("utf-8")


def _embedded(value: object) -> str:
    """JSON that no text in it can end the script element around it."""
    packed = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return packed.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _plotly() -> str:
    """The script that plotly carries; nothing of plotly is imported. Empty if not installed."""
    found = importlib.util.find_spec("plotly")
    if found is None or found.origin is None:
        return ""
    path = Path(found.origin).parent / "package_data" / "plotly.min.js"
    return path.read_text("utf-8") if path.is_file() else ""
