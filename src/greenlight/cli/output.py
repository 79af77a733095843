"""How results look: JSON for programs, tables for people; times in ET with UTC at hand."""

import dataclasses
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from rich.console import Console, RenderableType
from rich.table import Table

EXCHANGE = ZoneInfo("America/New_York")
_NS = 1_000_000_000


def emit(result: object, *renderables: RenderableType, as_json: bool) -> None:
    """Write `result` as JSON, or show the renderables to a person."""
    if as_json:
        click.echo(to_json(result))
    else:
        console().print(*renderables, sep="\n")


def console() -> Console:
    """Where people read; a pipe gets 100 columns and no colours."""
    wide = Console(highlight=False)
    return wide if wide.is_terminal else Console(highlight=False, width=100)


def table(title: str | None, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """Build a plain table; a column whose name starts with ">" is aligned to the right."""
    shown = Table(title=title, box=None, pad_edge=False, title_justify="left", title_style="bold")
    for column in columns:
        shown.add_column(
            column.removeprefix(">"), justify="right" if column.startswith(">") else "left"
        )
    for row in rows:
        shown.add_row(*row)
    return shown


def to_json(result: object) -> str:
    """Write JSON of dataclasses, mappings and sequences; not finite becomes null."""
    return json.dumps(_plain(result), indent=2, allow_nan=False, ensure_ascii=False)


def _plain(value: object) -> object:
    match value:
        case None | bool() | str() | int() if not isinstance(value, Enum):
            return value
        case float():
            return value if math.isfinite(value) else None
        case Enum():
            return value.name.lower()
        case Decimal():
            return float(value)
        case datetime() | date():
            return value.isoformat()
        case Path():
            return str(value)
        case Mapping():
            return {str(key): _plain(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_plain(item) for item in value]
    if dataclasses.is_dataclass(value):
        return {
            field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)
        }
    raise TypeError(f"no JSON for {type(value).__name__}")


def money(value: float | Decimal) -> str:
    """-1234.5 as -$1,234.50."""
    return f"{'-' if value < 0 else ''}${abs(value):,.2f}"


def percent(fraction: float, digits: int = 2) -> str:
    """0.0512 as 5.12 %; n/a for NaN."""
    return "n/a" if math.isnan(fraction) else f"{fraction * 100:.{digits}f} %"


def clock(ts: int) -> str:
    """Nanoseconds UTC as 2020-03-04 16:00 ET (21:00 UTC)."""
    moment = datetime.fromtimestamp(ts // _NS, UTC)
    return f"{moment.astimezone(EXCHANGE):%Y-%m-%d %H:%M} ET ({moment:%H:%M} UTC)"
