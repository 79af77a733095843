"""The look-ahead audit: ask a strategy again with the future cut away, and compare.

For a cut after bar t the strategy gets a copy of the last bars up to t and of what was known by the
close of t, nothing else. A vote that differs from the full run's has looked ahead; the cut view
holds little more than the declared look-back, so the same call checks that promise too. Cuts go
forward in time over all symbols, on a strategy freshly loaded from its file, before it has seen a
full run: one that remembers what it was shown has been shown no future.

A sample takes cuts at random and where they tell most (audit_cuts.py); the whole audit cuts after
every bar. The source is read for clocks, randomness and files, which no replay can watch.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from greenlight.backtest.audit_replay import F32, TOLERANCE, Fault, Finding
from greenlight.backtest.audit_trial import try_voice
from greenlight.forecast import ensemble, equal_weights, learned_weights
from greenlight.indicators import REGIME_LOOKBACK, Regime, market_regimes, regimes
from greenlight.market import Bars, History, View, views
from greenlight.scoring import LEARNING_HORIZON
from greenlight.signals import Strategy, impurities, strategy

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

#: Scores (t, N) of votes (V, t, N) and adjusted closes (t, N).
Scorer = Callable[[F32, F64], F32]

#: Cuts of each strategy and symbol, and symbols of a block, in a sampled audit.
SAMPLE = 12
_SYMBOLS = 24
#: Cuts of a whole block, for what is made of all symbols at once.
_BLOCK_CUTS = 8


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What an audit looked at and found; one finding a strategy, fault and symbol.

    `symbols` of the `universe` were looked at, a sample where they are fewer.
    `replays`: times a strategy was asked again. `idle`: strategies no symbol has bars enough for.
    """

    strategies: tuple[str, ...]
    symbols: int
    universe: int
    replays: int
    is_whole: bool
    findings: tuple[Finding, ...]
    idle: tuple[str, ...]

    @property
    def scope(self) -> str:
        """How many symbols in words: "20 symbols", or "24 of 40 symbols" of a sample."""
        sampled = f"{self.symbols} of " if self.symbols < self.universe else ""
        return f"{sampled}{self.universe} symbol{'' if self.universe == 1 else 's'}"

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


def equal_scores(votes: F32, close: F64) -> F32:  # noqa: ARG001  # a Scorer
    """Scores at equal weights."""
    return ensemble(votes, equal_weights(len(votes)))


def learned_scores(votes: F32, close: F64) -> F32:
    """Scores at weights learned on the past of each row."""
    return ensemble(votes, learned_weights(votes, close, LEARNING_HORIZON))


@strategy(lookback=REGIME_LOOKBACK)
def regime(view: View) -> F64:
    """The regime as a voice, its number over the largest, so that the audit holds it to account."""
    return regimes(view.close) / float(max(Regime))


def audit(
    history: History,
    strategies: Sequence[Strategy],
    *,
    sample: int | None = SAMPLE,
    seed: int = 0,
    score: Scorer = equal_scores,
    on_progress: Callable[[str, float], None] = lambda *_: None,
) -> AuditReport:
    """Audit `strategies`, the regimes, and the scores made of the votes, on `history`.

    `sample`: about as many cuts for each strategy and symbol, on at most 24 symbols a block; None:
    cuts after every bar of every symbol (the regimes by sample all the same: they are not the
    user's, and the tests hold them). `on_progress` is told a strategy and the share of it done.
    """
    rng = np.random.default_rng(seed)
    findings = [found for voice in strategies for found in _read(voice)]
    symbols, replays, tried = 0, 0, set[str]()
    for block in history.blocks:
        subjects = _subjects(history, block, sample, rng)
        symbols += len(subjects)
        votes = []
        for voice in (*strategies, regime):
            cuts = SAMPLE if voice is regime else sample
            told = partial(on_progress, voice.name)
            trial = try_voice(voice, [view for view, _ in subjects], cuts, rng, told)
            findings += trial.findings
            replays += 0 if voice is regime else trial.replays
            tried |= {voice.name} if trial.replays > 0 else set()
            votes.append(trial.full)
        findings += _audit_block(block, subjects, votes[:-1], score)
    return AuditReport(
        strategies=tuple(voice.name for voice in strategies),
        symbols=symbols,
        universe=len(history.symbols),
        replays=replays,
        is_whole=sample is None,
        findings=_one_each(findings),
        idle=tuple(voice.name for voice in strategies if voice.name not in tried),
    )


def _read(voice: Strategy) -> Iterator[Finding]:
    for line, name, reaches in impurities(voice):
        place = f"{voice.path or voice.name}:{line}"
        yield Finding(Fault.IMPURE, voice.name, series=place, detail=f"uses {reaches} ({name})")


def _subjects(
    history: History, block: Bars, sample: int | None, rng: Generator
) -> list[tuple[View, I64]]:
    """The block's views with their rows; a sample takes some of a large universe."""
    found = [(view, rows) for _, view, rows in views(history, block)]
    if sample is None or len(found) <= _SYMBOLS:
        return found
    return [found[k] for k in sorted(rng.choice(len(found), _SYMBOLS, replace=False))]


def _audit_block(
    block: Bars, subjects: Sequence[tuple[View, I64]], votes: Sequence[Sequence[F32]], score: Scorer
) -> Iterator[Finding]:
    """Scores and market regime, made of the first rows alone, against those made of all rows."""
    shape = (block.count, len(subjects))
    close = np.full(shape, np.nan)
    cells = np.zeros((len(votes), *shape), dtype=np.float32)
    for column, (view, rows) in enumerate(subjects):
        close[rows, column] = view.close
        for voice, full in enumerate(votes):
            cells[voice, rows, column] = full[column]
    symbols = [view.symbol for view, _ in subjects]
    makers: dict[str, tuple[list[str], Callable[[int], NDArray[np.floating]]]] = {
        "score": (symbols, lambda t: score(cells[:, :t].copy(), close[:t].copy())),
        "market regime": (["market"], lambda t: _market_regime(close[:t].copy())),
    }
    cuts = np.linspace(0, block.count, _BLOCK_CUTS + 2, dtype=np.int64)[1:-1].tolist()
    for name, (columns, make) in makers.items():
        early = [make(t) for t in cuts]
        full_rows = make(block.count)
        for part in early:
            apart = np.abs(part - full_rows[: len(part)]) > TOLERANCE
            for row, column in np.argwhere(apart)[:1].tolist():
                values = (float(full_rows[row, column]), float(part[row, column]))
                ts = int(block.close_ts[row])
                yield Finding(Fault.LOOK_AHEAD, name, columns[column], "votes", row, ts, *values)


def _market_regime(close: F64) -> F64:
    return market_regimes(close)[:, None].astype(np.float64)


def _one_each(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The first finding of each strategy, fault and symbol (or place in the source), in order."""
    first: dict[tuple[str, str, str], Finding] = {}
    for found in findings:
        first.setdefault((found.strategy, found.fault, found.symbol or found.series), found)
    return tuple(first[key] for key in sorted(first))
