"""The top of the page: what was tested, verdict, key figures, what a sceptic asks."""

from collections.abc import Callable

from greenlight.backtest.report import text
from greenlight.backtest.report.naming import period, returned, sharpe_name
from greenlight.backtest.report.text import escape
from greenlight.backtest.report.verdict import judge
from greenlight.backtest.result import Result, Segment


def title_block(result: Result) -> str:
    """Name, universe, dates and money."""
    origin = result.provenance
    count = len(result.symbols)
    universe = escape(", ".join(result.symbols)) if count <= 6 else f"{count} symbols"
    facts = (
        f"{universe} · {escape(', '.join(origin.timeframes))} bars · "
        f"{text.span(result.start, result.end)} · {text.money(result.cash)} to start, "
        f"{text.money(result.final_equity)} at the end"
    )
    return (
        f'<header><p class="eyebrow">{escape(origin.source)}</p>'
        f'<h1>{escape(result.title)}</h1><p class="facts">{facts}</p></header>'
    )


def verdict_block(result: Result) -> str:
    """The claim, its reasons, the key figures and the flags."""
    verdict = judge(result)
    reasons = "".join(f"<p>{escape(reason)}</p>" for reason in verdict.reasons)
    return (
        f'<div class="verdict {verdict.tone}"><p class="claim">{escape(verdict.claim)}</p>'
        f"{reasons}</div>{_key_figures(result)}{_flags(result)}"
    )


def _key_figures(result: Result) -> str:
    names = {_RETURN: f"Return {period(result.headline.performance)}", _SHARPE: sharpe_name(result)}
    cells = [
        (names.get(name, name), read(result.headline), _beneath(result.in_sample, plain))
        for name, read, plain in _FIGURES
    ]
    deflated = text.probability(result.headline.deflated)
    cells.append(("Deflated Sharpe", deflated, _trial_words(result.trials.trials)))
    body = "".join(
        f"<div><dt>{name}</dt><dd>{value}<small>{below}</small></dd></div>"
        for name, value, below in cells
    )
    return f'<dl class="key">{body}</dl>'


def _beneath(in_sample: Segment | None, read: Callable[[Segment], str]) -> str:
    return "&nbsp;" if in_sample is None else f"in sample {read(in_sample)}"


def _returned(part: Segment) -> str:
    return text.percent(returned(part.performance))


def _plain_returned(part: Segment) -> str:
    return f"{_returned(part)} {period(part.performance)}"


def _fall(part: Segment) -> str:
    return text.percent(part.performance.max_drawdown)


def _exposed(part: Segment) -> str:
    return text.percent(part.exposure.mean)


def _sharpe(part: Segment) -> str:
    sharpe = part.performance.sharpe
    return _uncertain(text.number(sharpe.ratio_ann), text.number(sharpe.error_ann))


def _plain_sharpe(part: Segment) -> str:
    return text.number(part.performance.sharpe.ratio_ann)


def _alpha(part: Segment) -> str:
    versus = part.comparisons[0].versus if part.comparisons else None
    if versus is None:
        return text.NOTHING
    return _uncertain(*text.percents(versus.alpha_ann, versus.alpha_error_ann))


def _plain_alpha(part: Segment) -> str:
    versus = part.comparisons[0].versus if part.comparisons else None
    return text.NOTHING if versus is None else text.percent(versus.alpha_ann)


def _uncertain(value: str, error: str) -> str:
    return value if error == text.NOTHING else f'{value} <span class="error">± {error}</span>'


def _trial_words(trials: int) -> str:
    return "1 trial" if trials == 1 else f"{trials:,} trials"


_RETURN, _SHARPE = "Return", "Sharpe ratio"
_FIGURES: tuple[tuple[str, Callable[[Segment], str], Callable[[Segment], str]], ...] = (
    (_RETURN, _returned, _plain_returned),
    (_SHARPE, _sharpe, _plain_sharpe),
    ("Max drawdown", _fall, _fall),
    ("Alpha a year", _alpha, _plain_alpha),
    ("Exposure", _exposed, _exposed),
)


def _flags(result: Result) -> str:
    flags = [_halted(result), _audited(result), _fitted(result), _survivors(result)]
    flags += [_adjusted(result), _trials(result)]
    lines = "".join(f'<li class="{css}">{words}</li>' for css, words in flags if words)
    return f'<ul class="flags">{lines}</ul>'


def _halted(result: Result) -> tuple[str, str]:
    if result.halt is None:
        return "", ""
    share = text.percent(result.halt.unobserved, 0)
    return "bad", (
        f"<b>Halted from {text.day(result.halt.session)}, {share} unobserved.</b> The drawdown "
        "gate stopped all entries, and nobody was there to resume. The figures end where the last "
        "position was closed."
    )


def _audited(result: Result) -> tuple[str, str]:
    detail = f" {escape(result.audit.detail)}" if result.audit.detail else ""
    match result.audit.outcome:
        case "passed":
            return "good", f"<b>Look-ahead audit passed.</b>{detail}"
        case "failed":
            return "bad", f"<b>Look-ahead audit failed.</b>{detail}"
        case _:
            return "warn", f"<b>Look-ahead audit was not run.</b>{detail}"


def _fitted(result: Result) -> tuple[str, str]:
    if result.cut is None:
        return "warn", "<b>No part was kept out of sample</b> (the split was switched off)."
    if result.fits:
        tried = sum(fit.tried for fit in result.fits)
        return "good", (
            f"<b>Parameters were chosen on the training part only</b> ({tried:,} sets tried); from "
            f"{text.day(result.cut)} on nothing had been seen."
        )
    return "warn", (
        "<b>Nothing was fitted.</b> The whole is out of sample in its parameters, but not in the "
        f"choice of strategy; the part from {text.day(result.cut)} on leads."
    )


def _survivors(result: Result) -> tuple[str, str]:
    if result.provenance.is_survivorship_controlled:
        return "good", "<b>Survivorship: controlled</b> by a dated membership table."
    return "warn", (
        "<b>Survivorship: not controlled.</b> The universe is the symbols of today, which are "
        "those that did not fail. Benchmarks on the same universe share the favour."
    )


def _adjusted(result: Result) -> tuple[str, str]:
    origin = result.provenance
    words = []
    if origin.is_closes_only:
        words.append(
            "<b>Closes only.</b> Orders fill at the next close; stops and targets see no highs "
            "and lows in between."
        )
    if any(adjustment != "raw" for adjustment in origin.adjustments):
        words.append(
            "<b>Adjusted prices</b> know later dividends and splits: levels, lot sizes and costs "
            "a share of early years are not those of the day."
        )
    return ("warn", " ".join(words)) if words else ("", "")


def _trials(result: Result) -> tuple[str, str]:
    if result.trials.is_intact:
        return "", ""
    return "bad", (
        f"<b>The trial ledger was broken</b>: {escape(result.trials.complaint)}. "
        f"{result.trials.lost:,} lost trials are counted in; the true number may be larger."
    )
