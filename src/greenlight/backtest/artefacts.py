"""A run's folder: everything needed to check it by hand, written whole or not at all.

A fill, a cash movement and a change of position bear the open of the bar they happened in; equity
and decisions the close they were taken at. The same inputs give the same bytes: no wall time
inside, and the folder's name comes from the hash of what went in. A repeated run replaces its
folder; other runs are never touched.
"""

import os
import shutil
from collections.abc import Mapping
from enum import IntEnum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from greenlight.backtest.identity import Identity
from greenlight.backtest.plain import to_json
from greenlight.backtest.report import build_report
from greenlight.backtest.run import Backtest
from greenlight.domain import Action, CashKind, Happening, Reason, Role, Side, UserError

LATEST = "latest"
_Columns = dict[str, Any]


def write_run(done: Backtest, identity: Identity, config: Mapping[str, Any], runs: Path) -> Path:
    """Write the folder of a finished backtest below `runs` and return it.

    Raises UserError where it cannot be written; what was there before is then still there.
    """
    target = runs / identity.folder
    beside = runs / f".{identity.folder}.part"
    try:
        runs.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir()
        _write_all(beside, done, identity, config)
        _put_in_place(beside, target)
        _write_text(runs / f".{LATEST}.part", f"{identity.folder}\n")
        os.replace(runs / f".{LATEST}.part", runs / LATEST)
    except OSError as error:
        raise UserError(
            f"cannot write the results to {runs}: {error.strerror}; earlier runs are untouched"
        ) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return target


def _write_all(folder: Path, done: Backtest, identity: Identity, config: Mapping[str, Any]) -> None:
    run = done.run
    symbols = np.array(done.assembled.history.symbols, dtype=np.str_)
    _write_text(folder / "config.json", to_json(config))
    data = {
        "fingerprint": identity.fingerprint,
        "source": done.assembled.history.source,
        "code_version": identity.code_version,
        "key": identity.key,
    }
    _write_text(folder / "data.json", to_json(data))
    tape = done.assembled.tape
    _write_table(folder / "fills.parquet", _fills(_at_closes(done), symbols))
    _write_table(folder / "decisions.parquet", _decisions(run.decisions, symbols))
    _write_table(folder / "cash.parquet", _flows(run.flows, symbols))
    _write_table(folder / "actions.parquet", _adjustments(run.adjustments, symbols))
    equity = {"ts": tape.close_ts, "equity": run.equity, "cash": run.cash}
    _write_table(folder / "equity.parquet", equity)
    _write_text(folder / "result.json", to_json(done.result))
    _write_text(folder / "report.html", build_report(done.result, done.pictures, config))


def _at_closes(done: Backtest) -> NDArray[Any]:
    """The fills, those of closes-only symbols stamped with the close at which they happened."""
    fills, tape = done.run.fills.copy(), done.assembled.tape
    blocks = done.assembled.history.blocks
    only = np.concatenate([np.full(len(b.symbols), b.closes_only) for b in blocks])
    late = only[fills["symbol"]]
    fills["ts"][late] = tape.close_ts[fills["row"][late]]
    return fills


def _fills(log: NDArray[Any], symbols: NDArray[np.str_]) -> _Columns:
    return {
        "ts": log["ts"],
        "symbol": symbols[log["symbol"]],
        "side": _names(Side, log["side"]),
        "quantity": log["quantity"],
        "price": log["price"],
        "fee": log["fee"],
        "role": _names(Role, log["role"]),
        "reason": _names(Reason, log["reason"]),
        "intent": log["intent"],
        "reference": log["reference"],
    }


def _decisions(log: NDArray[Any], symbols: NDArray[np.str_]) -> _Columns:
    return {
        "ts": log["ts"],
        "symbol": symbols[log["symbol"]],
        "side": _names(Side, log["side"]),
        "action": _names(Action, log["action"]),
        "reason": _names(Reason, log["reason"]),
        "score": log["score"],
        "quantity": log["quantity"],
        "price": log["price"],
        "intent": log["intent"],
        "calibrated": log["calibrated"] != 0,
    }


def _flows(log: NDArray[Any], symbols: NDArray[np.str_]) -> _Columns:
    """Cash movements; those of the account itself have no symbol (null)."""
    owner = np.append(symbols.astype(object), [None])
    return {
        "ts": log["ts"],
        "symbol": owner[log["symbol"]],
        "amount": log["amount"],
        "kind": _names(CashKind, log["kind"]),
    }


def _adjustments(log: NDArray[Any], symbols: NDArray[np.str_]) -> _Columns:
    return {
        "ts": log["ts"],
        "symbol": symbols[log["symbol"]],
        "kind": _names(Happening, log["kind"]),
        "before": log["before"],
        "after": log["after"],
    }


def _names(kind: type[IntEnum], codes: NDArray[Any]) -> list[str]:
    words = {int(one): one.name.lower() for one in kind}
    return [words.get(code, str(code)) for code in codes.tolist()]


def _write_table(path: Path, columns: _Columns) -> None:
    import polars as pl

    text = {"symbol", "side", "role", "reason", "action", "kind"}
    schema = {name: pl.String for name in columns if name in text}
    frame = pl.DataFrame(
        {
            name: values.tolist() if name in text and not isinstance(values, list) else values
            for name, values in columns.items()
        },
        schema_overrides=schema,
    )
    moment = pl.col("ts").cast(pl.Datetime("ns", "UTC"))
    frame.with_columns(moment).write_parquet(path)


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _put_in_place(beside: Path, target: Path) -> None:
    """Swap a finished folder in; the old one goes only when the new one stands."""
    old = target.with_name(f".{target.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        os.replace(target, old)
    try:
        os.replace(beside, target)
    except OSError:
        if old.exists():
            os.replace(old, target)
        raise
    shutil.rmtree(old, ignore_errors=True)
