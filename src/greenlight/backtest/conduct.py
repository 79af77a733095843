"""A backtest from plan to folder: run, counted in the trial ledger, written down."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from greenlight.backtest.artefacts import write_run
from greenlight.backtest.identity import Identity, identify
from greenlight.backtest.result import Result
from greenlight.backtest.run import Plan, Told, backtest
from greenlight.backtest.trials import Trial, TrialCount, TrialLedger
from greenlight.market import History

_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Places:
    """Folder of the runs, and the file of the trial ledger."""

    runs: Path
    ledger: Path


def conduct(
    history: History, plan: Plan, config: Mapping[str, Any], places: Places, told: Told
) -> tuple[Result, Path]:
    """Run a backtest, count it, write its folder; the result and the folder.

    `config` is what it was resolved from: it is stored, and part of the run's identity. Raises
    UserError for what the user can mend; earlier runs are then as they were.
    """
    told("identifying data and code")
    identity = identify(history, [voice.strategy for voice in plan.voices], config)
    ledger = TrialLedger(places.ledger, places.runs)

    def count(members: int) -> TrialCount:
        return ledger.record(_trial(identity, history, members))

    done = backtest(history, plan, identity, count, told)
    told("writing the report")
    return done.result, write_run(done, identity, config, places.runs)


def _trial(identity: Identity, history: History, members: int) -> Trial:
    first = min(int(block.session[0]) for block in history.blocks)
    last = max(int(block.session[-1]) for block in history.blocks)
    return Trial(
        key=identity.key,
        label=identity.title,
        symbols=history.symbols,
        start=_EPOCH + timedelta(days=first),
        end=_EPOCH + timedelta(days=last),
        members=members,
    )
