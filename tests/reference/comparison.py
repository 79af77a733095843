"""Where two runs of one market part, told so that the place can be found."""

from collections.abc import Mapping, Sequence
from math import isclose, isnan
from typing import Any

import numpy as np

from reference.markets import Market

RELATIVE = 1e-9
LOGS = ("fills", "decisions", "flows", "adjustments")
FLOATS = ("quantity", "price", "reference", "fee", "score", "amount", "before", "after")
#: How often an order was laid anew decides nothing, says the page; the reference does not count it.
NOT_COMPARED = ("attempt",)
SURROUNDING = 4


def difference(market: Market, engine: Any, reference: Any) -> str | None:
    """None where the runs agree; else the earliest disagreement and what stands around it."""
    found = []
    for name in LOGS:
        ours, theirs = _rows(getattr(engine, name)), _rows(getattr(reference, name))
        parting = _first_parting(market, ours, theirs)
        if parting is not None:
            found.append((parting[0], 0, parting[1], name))
    for name in ("equity", "cash"):
        row = _first_unequal(market, getattr(engine, name), getattr(reference, name))
        if row is not None:
            found.append((row, 1, -1, name))
    if found:
        return _story(market, engine, reference, min(found))
    if engine.halted_row != reference.halted_row:
        return f"seed {market.seed}: halted {engine.halted_row}, not {reference.halted_row}"
    if not np.allclose(engine.quantity, reference.quantity, rtol=RELATIVE, atol=1e-12):
        return f"seed {market.seed}: quantity {engine.quantity}, not {reference.quantity}"
    return None


def _rows(log: Any) -> list[dict[str, float]]:
    """Log rows as dicts, from a structured array or from dicts."""
    if isinstance(log, np.ndarray):
        names = log.dtype.names or ()
        return [dict(zip(names, row.tolist(), strict=True)) for row in log]
    return list(log)


def _first_parting(
    market: Market, ours: list[dict[str, float]], theirs: list[dict[str, float]]
) -> tuple[int, int] | None:
    for one, other in zip(ours, theirs, strict=False):
        if not _same(market, one, other):
            return min((int(row["row"]), int(row["symbol"])) for row in (one, other))
    if len(ours) != len(theirs):
        extra = max(ours, theirs, key=len)[min(len(ours), len(theirs))]
        return int(extra["row"]), int(extra["symbol"])
    return None


def _same(market: Market, one: Mapping[str, float], other: Mapping[str, float]) -> bool:
    if one.keys() != other.keys():
        return False
    small = market.cash * 1e-12
    return all(
        _close(value, other[name], small) if name in FLOATS else value == other[name]
        for name, value in one.items()
        if name not in NOT_COMPARED
    )


def _close(one: float, other: float, small: float) -> bool:
    if isnan(one) or isnan(other):
        return isnan(one) and isnan(other)
    return isclose(one, other, rel_tol=RELATIVE, abs_tol=small)


def _first_unequal(market: Market, one: np.ndarray, other: np.ndarray) -> int | None:
    """The first row where two curves part, measured against the size of the account."""
    unequal = ~(np.abs(one - other) <= RELATIVE * np.maximum(np.abs(other), market.cash))
    return int(np.flatnonzero(unequal)[0]) if unequal.any() else None


def _story(market: Market, engine: Any, reference: Any, where: tuple[int, int, int, str]) -> str:
    row, _, symbol, name = where
    lines = [f"seed {market.seed}: {name} part in row {row}, symbol {symbol}"]
    lines += [f"limits {market.rules.limits}", _bars(market, row, symbol)]
    happenings = market.surroundings.happenings
    if happenings is not None:
        lines += [f"happening {h}" for h in zip(*happenings, strict=True) if h[0] == row]
    for side, run in (("engine", engine), ("reference", reference)):
        lines.append(f"{side}: equity {run.equity[row]!r}, cash {run.cash[row]!r}")
        for log in LOGS:
            lines += [f"  {log}: {_brief(e)}" for e in _around(getattr(run, log), row, symbol)]
    return "\n".join(lines)


def _around(log: Any, row: int, symbol: int) -> Sequence[dict[str, float]]:
    """The symbol's last entries up to the row, and what else the row holds."""
    rows = [e for e in _rows(log) if e["row"] <= row]
    mine = [e for e in rows if e["symbol"] == symbol and e["row"] < row][-SURROUNDING:]
    return mine + [e for e in rows if e["row"] == row]


def _brief(entry: Mapping[str, float]) -> str:
    return " ".join(f"{k}={entry[k]:.12g}" for k in sorted(entry) if k != "ts")


def _bars(market: Market, row: int, symbol: int) -> str:
    """The symbol's bars in the rows just before and at the parting."""
    tape = market.tape
    lines = []
    for r in range(max(0, row - 12), row + 1):
        first, width = int(tape.first[r]), int(tape.width[r])
        if first <= symbol < first + width:
            cell = int(tape.base[r]) + symbol - first
            bar = [float(p[cell]) for p in (tape.open, tape.high, tape.low, tape.close)]
            lines.append(f"bar {r}: {bar} v {tape.volume[cell]:g} score {market.score[cell]:g}")
    return "\n".join(lines[-4:])
