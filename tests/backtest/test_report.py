"""The tear sheet: what it says, that nothing in it is executed or fetched, that charts draw."""

import json
import re
from dataclasses import replace
from io import StringIO
from math import nan
from pathlib import Path

import handmade
import numpy as np
import pytest
from rich.console import Console

from greenlight.analytics import Sharpe
from greenlight.backtest import result as res
from greenlight.backtest.report import Tone, build_report, day, judge
from greenlight.backtest.report import page as report_page
from greenlight.backtest.report import text as words
from greenlight.backtest.trials import TrialCount
from greenlight.cli.backtest import summary

CHROMIUM = Path("/usr/bin/chromium")
CONFIG = {"limits": {"stop": 0.02}, "note": handmade.NAUGHTY}


@pytest.fixture(scope="module")
def html():
    return build_report(handmade.result(), handmade.pictures(), CONFIG)


def body(html):
    """The page without its styles and scripts."""
    return re.sub(r"<(style|script)\b.*?</\1>", "", html, flags=re.DOTALL)


def test_numbers_are_written_for_people():
    assert words.percent(-0.0512) == "\N{MINUS SIGN}5.1\N{NO-BREAK SPACE}%"
    assert words.percent(0.0049) == "0.49\N{NO-BREAK SPACE}%"
    assert words.percent(nan) == words.NOTHING
    assert words.number(-0.001) == "0.00"
    assert words.number(12345.6, 1) == "12,345.6"
    assert words.money(-1234.4) == "\N{MINUS SIGN}$1,234"
    assert words.money(-0.2) == "$0"
    assert words.probability(1.0) == "> 99.9\N{NO-BREAK SPACE}%"
    assert words.probability(0.0) == "< 0.1\N{NO-BREAK SPACE}%"
    assert words.day(14_610) == "2010-01-01"


def test_the_same_result_gives_the_same_bytes(html):
    assert build_report(handmade.result(), handmade.pictures(), CONFIG) == html


def test_nothing_given_is_executed(html):
    assert handmade.NAUGHTY not in html
    assert "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;" in body(html)
    scripts = re.findall(r"<script\b[^>]*>", html)
    assert scripts == ['<script type="application/json" id="figures">', "<script>", "<script>"]


def test_nothing_is_loaded_from_elsewhere(html):
    page = body(html)
    assert re.findall(r'(?:src|href)="(?!#)[^"]*"', page) == []
    assert "default-src 'none'" in page
    assert "@import" not in html.split("</style>")[0]


@pytest.mark.parametrize(
    "said",
    [
        "Look-ahead audit passed.",
        "Survivorship: not controlled.",
        "Closes only.",
        "know later dividends",
        "Parameters were chosen on the training part only",
        "145 trials",
        "at own exposure",
        "at equal volatility",
        "Half spread",
        "Slippage and market impact",
        "Borrow",
        "Sortino ratio",
        "Calmar ratio",
        "Win rate",
        "Expectancy a trade",
        "Payoff",
        "Turnover a year",
        "By sector",
        "By regime",
        "By strategy",
        "Why no trade",
        "Refused: volume",
        "If delistings had paid something else",
        "What it does not model",
        "Data fingerprint",
    ],
)
def test_what_a_sceptic_asks_is_answered(html, said):
    assert said in body(html)


def test_out_of_sample_leads_and_in_sample_stands_beside_it(html):
    page = body(html)
    assert page.index("Out of sample (2014-01-10") < page.index("in sample ")
    head = re.search(r'class="measures"><thead>(.*?)</thead>', page).group(1)
    assert re.findall(r'scope="col">|<th>([^<]+)', head)[1:] == [
        "Out of sample",
        "In sample",
        "Whole",
    ]


def test_months_without_a_position_are_shown_as_such(html):
    assert 'title="no position">·</td>' in body(html)
    assert "without one are left out" in body(html)


def test_a_halt_is_said_first_and_loud():
    halted = handmade.result(halt=res.Halt(15_000, 0.43))
    flags = re.search(
        r'<ul class="flags">(.*?)</ul>', body(build_report(halted, handmade.pictures(), {}))
    )
    assert flags.group(1).startswith(
        '<li class="bad"><b>Halted from 2011-01-26, 43\N{NO-BREAK SPACE}% unob'
    )


def test_other_circumstances_are_said():
    origin = handmade.provenance(is_survivorship_controlled=True, has_rates=False, has_volume=True)
    changed = handmade.result(
        provenance=origin,
        fits=(),
        trials=TrialCount(9, 4, "it has 1 lines and once had 5"),
        audit=res.Audit("failed", "sma: bar 7"),
    )
    page = body(build_report(changed, handmade.pictures(), {}))
    for said in (
        "Survivorship: controlled",
        "Nothing was fitted.",
        "not in the choice of strategy",
        "The trial ledger was broken",
        "Look-ahead audit failed.",
        "No bill rate is known",
    ):
        assert said in page


def test_without_the_plotting_library_the_page_still_stands(monkeypatch):
    monkeypatch.setattr(report_page.importlib.util, "find_spec", lambda _: None)
    page = build_report(handmade.result(), handmade.pictures(), {})
    assert len(page) < 1_000_000
    assert "Charts need the extra" in page


def with_part(**changes):
    given = handmade.result()
    return replace(given, out_of_sample=replace(given.headline, **changes))


def with_alpha(given, errors):
    comparisons = tuple(
        c
        if c.versus is None
        else replace(c, versus=replace(c.versus, alpha_ann=errors, alpha_error_ann=1.0))
        for c in given.headline.comparisons
    )
    return replace(given, out_of_sample=replace(given.headline, comparisons=comparisons))


def test_the_verdict_needs_everything_at_once():
    proven = with_alpha(with_part(deflated=0.96), 2.1)
    assert judge(proven).tone is Tone.HOLDS
    assert judge(with_alpha(proven, 1.9)).tone is Tone.UNPROVEN
    assert judge(with_alpha(with_part(deflated=0.94), 2.1)).tone is Tone.UNPROVEN
    assert judge(replace(proven, audit=res.Audit("failed"))).tone is Tone.FAILS
    few = replace(proven.headline, trades=replace(proven.headline.trades, count=29))
    assert judge(replace(proven, out_of_sample=few)).tone is Tone.UNPROVEN


def test_losing_to_bills_or_not_trading_fails():
    part = handmade.result().headline
    sharpe = replace(part.performance.sharpe, ratio=-0.01)
    lost = with_part(performance=replace(part.performance, sharpe=sharpe))
    assert judge(lost).claim == "It earned less than Treasury bills."
    idle = with_part(trades=replace(part.trades, count=0, open_count=0))
    assert judge(idle).claim == "It did not trade out of sample."
    assert "already held" in judge(idle).reasons[0]


def in_brief(part):
    """A stretch of 17 sessions, its benchmarks likewise."""
    brief = replace(
        part.performance, end=part.performance.start + 364, sessions=17, total_return=0.009
    )
    comparisons = tuple(
        replace(c, performance=replace(brief, total_return=0.012)) for c in part.comparisons
    )
    return replace(part, performance=brief, comparisons=comparisons)


def test_less_than_a_year_is_not_said_a_year():
    short = replace(handmade.result(), out_of_sample=in_brief(handmade.result().headline))
    earned, against, _ = judge(short).reasons[:3]
    assert "it returned 0.90\N{NO-BREAK SPACE}% in 17 sessions after costs" in earned
    opening = "Buy and hold returned 1.2\N{NO-BREAK SPACE}% in 17 sessions (alpha a year against it"
    assert against.startswith(opening)
    assert "exposure returned 1.2\N{NO-BREAK SPACE}%" in against
    page = body(build_report(short, handmade.pictures(), {}))
    assert page.count("Return in 17 sessions") == 2
    full = replace(short.headline.performance, end=short.headline.performance.start + 365)
    assert "a year after costs" in judge(with_part(performance=full)).reasons[0]


def console(result):
    screen = Console(width=100, file=StringIO())
    screen.print(*summary(result), sep="\n")
    return screen.file.getvalue()


def test_the_console_says_n_a_and_names_what_it_shows():
    part = in_brief(handmade.result().headline)
    none = replace(part, performance=replace(part.performance, sharpe=Sharpe(0)))
    shown = console(
        handmade.result(out_of_sample=none, provenance=handmade.provenance(has_rates=False))
    )
    assert "nan" not in shown
    assert "Too few returns to tell." in shown
    assert re.search(r"Return in all +0\.90 % ", shown)
    assert re.search(r"Return a year +n/a ", shown)
    assert re.search(r"Sharpe, bills taken as zero +n/a ", shown)
    assert re.search(r"out of sample\) +return in 17 sessions", shown)
    assert re.search(r"Buy and hold, as it is +1\.20 %", shown)
    assert "Return in all" not in console(handmade.result())


def test_without_a_bill_rate_nothing_is_measured_against_bills():
    blind = handmade.provenance(has_rates=False)
    part = handmade.result().headline
    sharpe = replace(part.performance.sharpe, ratio=-0.01)
    lost = replace(
        with_part(performance=replace(part.performance, sharpe=sharpe, total_return=-0.1)),
        provenance=blind,
    )
    assert judge(lost).claim == "It lost money."
    still = replace(part.performance, sharpe=Sharpe(0), total_return=0.0)
    idle = replace(with_part(performance=still), provenance=blind)
    assert judge(idle).claim == "It earned nothing."
    assert "with a Sharpe ratio (bills unknown, taken as zero) of" in judge(lost).reasons[0]
    page = body(build_report(lost, handmade.pictures(), {}))
    assert "over bills" not in page
    assert "Treasury" not in page


def test_the_headline_and_the_measures_begin_on_the_same_session(html):
    part = handmade.result().headline.performance
    assert part.start < part.first == handmade.result().cut
    page = body(html)
    first = re.search(r"Out of sample \((\S+)", page).group(1)
    assert first == day(part.first)
    assert re.search(r">From</th><td>([^<]+)</td>", page).group(1) == first


def embedded(html):
    return json.loads(re.search(r'id="figures">(.*?)</script>', html, re.DOTALL).group(1))


def test_figures_hold_the_series_they_show(html):
    figures = embedded(html)
    lines = handmade.curves()[0]
    shown = figures["equity"]["data"][0]
    assert shown["name"] == "This strategy"
    assert np.allclose(shown["y"], lines.equity, atol=0.01)
    assert set(figures["equity"]["views"]) == set(res.SCALINGS)
    for seen in figures["equity"]["views"].values():
        assert sum(seen) == 2 + 3  # the account twice; two benchmarks and a drawdown
    candles, entries, exits = figures["symbols"][0]["data"]
    assert candles["type"] == "candlestick"
    assert len(entries["x"]) == len(handmade.symbol_picture("AAPL").entries.ts)
    assert entries["text"][0].startswith("BUY 10 at")
    assert set(entries["x"]) <= set(candles["x"])
    assert len(exits["x"]) > 0
    assert figures["symbols"][1]["data"][0]["mode"] == "lines"


@pytest.fixture(scope="module")
def browser():
    if not CHROMIUM.exists():
        pytest.skip("no chromium on this machine")
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright drives the browser")
    with sync_api.sync_playwright() as driver:
        opened = driver.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"]
        )
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def file(html, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(html, encoding="utf-8")
    return path


def open_page(browser, file, **options):
    page = browser.new_context(**options).new_page()
    page.complaints, page.asked = [], []
    page.on("console", lambda message: page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("request", lambda request: page.asked.append(request.url))
    page.goto(file.as_uri())
    page.wait_for_selector("#candles .main-svg")
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_opens_without_network_or_complaint_and_draws(browser, file, scheme):
    page = open_page(browser, file, color_scheme=scheme, viewport={"width": 1300, "height": 900})
    assert page.complaints == []
    assert page.asked == [file.as_uri()]
    assert page.locator("#equity .scatterlayer .trace path.js-line").count() >= 4
    assert page.locator("#candles .boxlayer path").count() > 100
    dark = "rgb(18, 21, 20)"
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (background == dark) == (scheme == "dark")
    page.click("#theme")
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (background == dark) == (scheme == "light")
    assert page.complaints == []
    page.context.close()


def test_the_reader_chooses_symbol_and_scaling(browser, file):
    page = open_page(browser, file, viewport={"width": 1300, "height": 900})
    line = "document.querySelectorAll('#equity .scatterlayer .trace path.js-line')[2]"
    before = page.evaluate(f"{line}.getAttribute('d')")
    page.click("button[data-view='as it is']")
    page.wait_for_function(f"{line}.getAttribute('d') !== {json.dumps(before)}")
    assert page.get_attribute("button[data-view='as it is']", "aria-pressed") == "true"
    page.select_option("#symbol", "1")
    page.wait_for_selector("#candles .scatterlayer .trace path.js-line")
    assert page.locator("#candles .boxlayer path").count() == 0
    assert page.complaints == []
    page.context.close()


def test_the_page_fits_a_phone(browser, file):
    page = open_page(browser, file, viewport={"width": 380, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 380
    assert page.complaints == []
    page.context.close()
