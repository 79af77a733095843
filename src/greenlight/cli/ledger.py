"""greenlight ledger: what was written down, whether it is whole, and taking it elsewhere."""

import json
import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar, Unpack

import click

from greenlight.cli.config import CONFIG_OPTION, JSON_OPTION
from greenlight.cli.output import clock, emit, table
from greenlight.domain import UserError

if TYPE_CHECKING:
    from greenlight.ledger import Finding, KeySource, Ledger, Line, RunSummary

#: Views, and which of their columns people are shown; --json has all.
_VIEWS = {
    "positions": "instrument quantity average realised fees updated_ts",
    "orders": "updated_ts instrument side kind role quantity filled state client_id",
    "fills": "ts instrument side role quantity price fee",
    "equity": "ts equity cash",
    "decisions": "ts instrument action reason side quantity price score",
    "halts": "ts what by why",
    "approvals": "id instrument side quantity price state by",
    "heartbeats": "ts equity cash lags",
    "coverage": "instrument since covered_s exposed_s uncoverable_s longest_s",
}
_SHOWN = 20
_WIDE = 110  # characters of a record that people are shown

F = TypeVar("F", bound=Callable[..., Any])


class Place(TypedDict):
    """Which ledger."""

    config_file: Path | None
    url: str | None


def _place(command: F) -> F:
    option = click.option(
        "--ledger", "url", metavar="URL", help="Database (default: [ledger] url of the settings)."
    )
    return CONFIG_OPTION(option(command))


@click.group()
def ledger() -> None:
    """Show what was written down, check it, and take it elsewhere."""


@ledger.command()
@_place
@click.option("--account", help="Only runs of this account.")
@JSON_OPTION
def runs(account: str | None, *, as_json: bool, **place: Unpack[Place]) -> None:
    """List the runs.

    Example: greenlight ledger runs
    """
    with _opened(place) as opened:
        found = opened.runs(account)
    columns = ["run", "account", "mode", "state", "began", ">entries", "last"]
    emit(found, table(None, columns, map(_run_row, found)), as_json=as_json)


@ledger.command()
@_place
@click.argument("run", required=False)
@click.option("--view", type=click.Choice(list(_VIEWS)), help="Rows of a view instead of entries.")
@click.option("--kind", help="Only entries of this kind, e.g. Sending.")
@click.option("--from", "start", type=click.IntRange(1), help="First entry to show.")
@click.option("--count", type=click.IntRange(1), default=_SHOWN, show_default=True)
@JSON_OPTION
def show(
    run: str | None,
    view: str | None,
    kind: str | None,
    *,
    start: int | None,
    count: int,
    as_json: bool,
    **place: Unpack[Place],
) -> None:
    """Show the last entries of RUN (default: of the run that began last), or of a view.

    Example: greenlight ledger show --view orders
    """
    with _opened(place) as opened:
        run = _named(opened, run)
        if view is not None:
            _show_view(opened, view, run, count, as_json=as_json)
            return
        lines = _chosen(opened.lines(run, start or 1), kind, start, count)
    rows = [(str(line.seq), clock(line.ts), line.kind, _short(line.body)) for line in lines]
    shown = table(None, [">seq", "time", "kind", "record"], rows)
    emit([_plain(line) for line in lines], shown, as_json=as_json)


@ledger.command()
@_place
@JSON_OPTION
def verify(*, as_json: bool, **place: Unpack[Place]) -> int:
    """Check every entry against its seal; the answer is 1 where something was changed.

    Example: greenlight ledger verify
    """
    from greenlight.ledger import Ledger

    with Ledger.open(_url(place), lambda _: _key(place, make=False), make=False) as opened:
        found = opened.verify()
    emit(found, *map(_finding, found), as_json=as_json)
    return 0 if all(finding.is_whole for finding in found) else 1


@ledger.command()
@_place
@JSON_OPTION
def rebuild(*, as_json: bool, **place: Unpack[Place]) -> None:
    """Make the views anew from the journal. A bot that runs waits meanwhile and loses nothing.

    Example: greenlight ledger rebuild
    """
    with _opened(place) as opened:
        count = opened.rebuild()
    emit({"entries": count}, f"views made anew from {count:,} entries", as_json=as_json)


@ledger.command()
@_place
@click.argument("run", required=False)
@click.option("--output", type=click.Path(path_type=Path), help="File (default: standard output).")
def export(run: str | None, output: Path | None, **place: Unpack[Place]) -> None:
    """Write RUN (default: the run that began last) as JSON lines; docs/journal.md has the format.

    Example: greenlight ledger export --output paper.jsonl
    """
    from greenlight.ledger import export_lines

    with _opened(place) as opened:
        run = _named(opened, run)
        chunks = export_lines(opened.lines(run), opened.sealed_by(run))
        if output is None:
            for chunk in chunks:
                sys.stdout.buffer.write(chunk)
        else:
            _write(output, chunks)


@ledger.command(name="import")
@_place
@click.argument("file", type=click.Path(path_type=Path))
@JSON_OPTION
def import_(file: Path, *, as_json: bool, **place: Unpack[Place]) -> None:
    """Take a run in that was exported; its seals are checked where this ledger has their key.

    Example: greenlight ledger import paper.jsonl --ledger sqlite:///copy.db
    """
    from greenlight.ledger import parse_export

    with file.open("rb") as texts:
        lines, own = parse_export(texts, str(file))
    with _opened(place, lambda is_new: _key(place, make=is_new)) as opened:
        opened.import_run(lines, own)
        is_checked = opened.key_id == own
    run, count = lines[0].run, len(lines)
    result = {"run": run, "entries": count, "seals_checked": is_checked}
    note = "seals checked" if is_checked else f"sealed with another key ({own}), not checked"
    emit(result, f"{run}: {count:,} entries, {note}", as_json=as_json)


@ledger.command()
@_place
@JSON_OPTION
def backtests(*, as_json: bool, **place: Unpack[Place]) -> None:
    """List the backtests that were registered.

    Example: greenlight ledger backtests
    """
    with _opened(place) as opened:
        found = opened.backtests()
    rows = [(clock(one.created), one.key[:12], one.title, one.verdict, one.path) for one in found]
    shown = table(None, ["registered", "key", "title", "verdict", "results"], rows)
    emit(found, shown, as_json=as_json)


@contextmanager
def _opened(place: Place, key: "KeySource | None" = None) -> "Iterator[Ledger]":
    """The ledger, for reading only where no key is given."""
    from greenlight.ledger import Ledger

    with Ledger.open(_url(place), key) as opened:
        yield opened


def _url(place: Place) -> str:
    from greenlight.config import load

    given = place["url"]
    return load(place["config_file"], os.environ).config.ledger.url if given is None else given


def _key(place: Place, *, make: bool) -> bytes:
    """The key that the settings name, else the one beside the database."""
    from greenlight.config import load
    from greenlight.ledger import key_path, load_key

    named = load(place["config_file"], os.environ).config.ledger.key
    path = Path(named) if named and place["url"] is None else key_path(_url(place))
    return load_key(path, os.environ, make=make)


def _named(opened: "Ledger", run: str | None) -> str:
    if run is not None:
        return run
    found = opened.runs()
    if not found:
        raise UserError(f"{opened.shown}: no run yet; greenlight paper begins one")
    return found[-1].run.run


def _chosen(
    lines: "Iterable[Line]", kind: str | None, start: int | None, count: int
) -> "list[Line]":
    """The first lines of that kind where a start was named, else the last."""
    matching = (line for line in lines if kind is None or line.kind == kind)
    return list(deque(matching, count)) if start is None else list(islice(matching, count))


def _show_view(opened: "Ledger", view: str, run: str, count: int, *, as_json: bool) -> None:
    from greenlight import ledger as room

    opened.lines(run)  # says where there is no such run
    found = opened.rows(getattr(room, view.upper()), run, count)
    names = _VIEWS[view].split()
    rows = [[_cell(name, getattr(row, name)) for name in names] for row in found]
    emit(found, table(f"{view} of {run}", names, rows), as_json=as_json)


def _cell(name: str, value: object) -> str:
    if value is None:
        return ""
    is_time = isinstance(value, int) and (name.endswith("_ts") or name in ("ts", "since"))
    return clock(int(str(value))) if is_time else str(value)


def _run_row(found: "RunSummary") -> tuple[str, ...]:
    run = found.run
    state = "killed" if run.is_killed else "halted" if run.is_halted else run.state
    times = (clock(run.began_ts), f"{found.entries:,}", clock(found.last_ts))
    return (run.run, run.account, run.mode, state, *times)


def _finding(found: "Finding") -> str:
    name = f"run {found.run}" if found.run else "the ledger"
    if not found.is_whole:
        where = "" if found.seq is None else f"entry {found.seq} "
        return f"{name}: {where}{found.problem}"
    if not found.is_sealed_here:
        return f"{name}: {found.entries:,} entries, none missing; sealed with another key"
    return f"{name}: {found.entries:,} entries, whole" if found.run else f"{name}: whole"


def _plain(line: "Line") -> dict[str, object]:
    place = {"seq": line.seq, "ts": line.ts, "wall_ts": line.wall_ts, "kind": line.kind}
    return {**place, "record": json.loads(line.body)}


def _short(body: str) -> str:
    return body if len(body) <= _WIDE else f"{body[: _WIDE - 1]}…"


def _write(path: Path, chunks: Iterable[bytes]) -> None:
    """Whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with draft.open("wb") as file:
            file.writelines(chunks)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
