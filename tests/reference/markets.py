"""Whole random markets: everything a run of the engine or the reference takes, from one seed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from greenlight.engine import Happenings, Rules, Surroundings, Tape, build_happenings, build_tape
from greenlight.engine.tape import F32
from reference.random_bars import Block, Rng, random_block
from reference.random_happenings import (
    Entry,
    Plan,
    deposits,
    end_bars,
    entries,
    plan,
    price_factors,
)
from reference.random_rules import (
    random_conditions,
    random_costs,
    random_limits,
    random_scores,
    random_specs,
)


@dataclass(frozen=True, repr=False)
class Market:
    """One random market."""

    seed: int
    tape: Tape
    score: F32
    rules: Rules
    cash: float
    surroundings: Surroundings

    def __repr__(self) -> str:
        return f"random_market({self.seed})"

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        printer.text(repr(self))  # Hypothesis would print every array otherwise

    def run(self, simulate: Callable[..., Any]) -> Any:
        """Run it through the engine or the reference."""
        return simulate(self.tape, self.score, self.rules, self.cash, self.surroundings)


def random_market(seed: int) -> Market:
    """The market of that seed: odd seeds know conditions (full pattern), even ones do not."""
    rng = np.random.default_rng(seed)
    cash = float(rng.choice([800.0, 20_000.0, 100_000.0, 3_000_000.0], p=[0.1, 0.3, 0.4, 0.2]))
    drafts = [_draft(rng) for _ in range(int(rng.choice([1, 2, 3], p=[0.4, 0.4, 0.2])))]
    blocks = [block for block, _ in drafts]
    tape = build_tape([block.columns() for block in blocks])
    rules = Rules(
        limits=random_limits(rng),
        costs=random_costs(rng, int(_widths(blocks).sum()), int(tape.open_ts[0])),
        specs=random_specs(rng, blocks),
    )
    row_count = len(tape.close_ts)
    surroundings = Surroundings(
        conditions=random_conditions(rng, tape, blocks) if seed % 2 == 1 else None,
        happenings=_happenings(rng, tape, drafts, cash),
        rates=rng.choice([-0.01, 0.0, 0.04, np.nan], row_count) if rng.random() < 0.5 else None,
    )
    return Market(seed, tape, random_scores(rng, len(tape.close)), rules, cash, surroundings)


def markets() -> st.SearchStrategy[Market]:
    """Random markets for Hypothesis; it shrinks towards small seeds."""
    return st.integers(min_value=0, max_value=2**31).map(random_market)


def _draft(rng: Rng) -> tuple[Block, list[Plan]]:
    is_crypto = bool(rng.random() < 0.35)
    count, width = int(rng.integers(30, 110)), int(rng.integers(1, 5))
    plans = plan(rng, count, width, is_crypto=is_crypto)
    block = random_block(rng, price_factors(plans, count, width), is_crypto=is_crypto)
    end_bars(rng, block, plans)
    return block, plans


def _widths(blocks: list[Block]) -> np.ndarray:
    return np.array([len(block.symbols) for block in blocks])


def _happenings(
    rng: Rng, tape: Tape, drafts: list[tuple[Block, list[Plan]]], cash: float
) -> Happenings | None:
    """Happenings of all blocks in the order of the tape's rows, with rising ids."""
    if rng.random() < 0.2:
        return None
    found: list[Entry] = deposits(rng, len(tape.close_ts), cash)
    first = 0
    for block, plans in drafts:
        rows = np.flatnonzero(tape.first == first)
        found += entries(rng, block, plans, (rows, first, cash))
        first += len(block.symbols)
    found.sort(key=lambda entry: entry[0])
    return build_happenings([(e[0], i + 1, *e[1:]) for i, e in enumerate(found)])
