"""How numbers, dates and tables are written: one place, everything escaped."""

import math
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from html import escape

DASH = "\N{EN DASH}"
TIMES = "\N{MULTIPLICATION SIGN}"
NOTHING = DASH
_MINUS = "\N{MINUS SIGN}"
_EPOCH = date(1970, 1, 1)


def percent(fraction: float, digits: int = 1) -> str:
    """0.0512 as 5.1 %, below 1 % with two decimals; a dash where it cannot be said."""
    if not math.isfinite(fraction):
        return NOTHING
    fine = max(digits, 2) if digits > 0 and abs(fraction) < 0.01 else digits
    return f"{number(fraction * 100.0, fine)}\N{NO-BREAK SPACE}%"


def percents(value: float, error: float) -> tuple[str, str]:
    """A fraction and its standard error in percent, both as finely as the finer needs."""
    digits = 2 if min(abs(value), abs(error)) < 0.01 else 1
    return percent(value, digits), percent(error, digits)


def number(value: float, digits: int = 2) -> str:
    """A number with thousands separated; never a negative zero."""
    if not math.isfinite(value):
        return NOTHING
    rounded = f"{abs(value):,.{digits}f}"
    is_zero = all(character in "0.," for character in rounded)
    return rounded if value >= 0.0 or is_zero else _MINUS + rounded


def money(value: float) -> str:
    """Whole dollars."""
    if not math.isfinite(value):
        return NOTHING
    text = number(abs(value), 0)
    return f"{_MINUS}${text}" if value < 0.0 and text != "0" else f"${text}"


def with_error(value: str, error: str) -> str:
    """A value and its standard error."""
    return value if NOTHING in (value, error) else f"{value} ± {error.lstrip(_MINUS)}"


def probability(value: float) -> str:
    """A probability in percent; never "100 %", for nothing is certain."""
    if math.isnan(value):
        return NOTHING
    if value > 0.999:
        return "> 99.9\N{NO-BREAK SPACE}%"
    return "< 0.1\N{NO-BREAK SPACE}%" if value < 0.001 else percent(value)


def day(session: int) -> str:
    """Days since 1970 as an ISO date."""
    return (_EPOCH + timedelta(days=session)).isoformat()


def span(start: int, end: int) -> str:
    """A range of dates."""
    return f"{day(start)} {DASH} {day(end)}"


def row(cells: Iterable[str], kind: str = "td", css: str = "") -> str:
    """One table row of finished HTML cells; the first is a row header."""
    first, *rest = cells
    opening = f'<tr class="{css}">' if css else "<tr>"
    scope = "row" if kind == "td" else "col"
    body = "".join(f"<{kind}>{cell}</{kind}>" for cell in rest)
    return f'{opening}<th scope="{scope}">{first}</th>{body}</tr>'


def table(head: Sequence[str], rows: Iterable[str], css: str = "") -> str:
    """A table that scrolls by itself on narrow screens; `rows` are finished HTML."""
    body = "".join(rows)
    return (
        f'<div class="scroll" tabindex="0"><table class="{css}"><thead>{row(head, "th")}</thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def note(text: str) -> str:
    """A small paragraph of finished HTML below a table or chart."""
    return f'<p class="note">{text}</p>'


def signed(text: str, value: float) -> str:
    """Colour a finished text by the sign of its value."""
    css = "gain" if value > 0.0 else "loss" if value < 0.0 else ""
    return f'<span class="{css}">{text}</span>' if css else text


__all__ = [
    "DASH",
    "NOTHING",
    "TIMES",
    "day",
    "escape",
    "money",
    "note",
    "number",
    "percent",
    "percents",
    "probability",
    "row",
    "signed",
    "span",
    "table",
    "with_error",
]
