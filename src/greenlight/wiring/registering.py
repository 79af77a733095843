"""A finished backtest into the ledger's register, beside the runs that will be held against it."""

from collections.abc import Mapping
from pathlib import Path

from greenlight.backtest import Result, to_plain
from greenlight.backtest.report import judge
from greenlight.config import Config
from greenlight.domain import GreenlightError
from greenlight.ledger import BacktestDone
from greenlight.wiring.clocks import wall
from greenlight.wiring.ledgers import open_ledger

_METRICS = ("final_equity", "out_of_sample", "in_sample", "whole", "trials", "sizing", "provenance")


def register(
    config: Config, environment: Mapping[str, str], result: Result, folder: Path
) -> str | None:
    """Register a backtest; what kept it from being registered, None if nothing did.

    A backtest stands without the ledger: one that is away costs it the entry, not the result.
    """
    plain = to_plain(result)
    done = BacktestDone(
        key=result.provenance.key,
        title=result.title,
        verdict=judge(result).claim,
        path=str(folder),
        metrics={name: plain[name] for name in _METRICS},
    )
    try:
        with open_ledger(config, environment) as ledger:
            ledger.register_backtest(done, wall())
    except GreenlightError as error:
        return f"not registered in the ledger: {error}"
    return None
