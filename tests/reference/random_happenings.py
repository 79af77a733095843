"""Random happenings: planned before the prices, because a split or a spin-off moves them."""

from dataclasses import dataclass

import numpy as np

from greenlight.domain import Happening
from greenlight.engine.tape import F64
from reference.random_bars import Block, Rng

#: (row of the tape, symbol, kind, a, b, c)
Entry = tuple[int, int, int, float, float, float]

NAN = float("nan")
RATIOS = (2.0, 3.0, 1.5, 4.0 / 3.0, 0.1, 0.04)
TERMINAL = (Happening.CASH_MERGER, Happening.STOCK_MERGER, Happening.DELIST)


@dataclass(frozen=True)
class Plan:
    """One happening of a block: row and column within it, what kind, a ratio or a share."""

    row: int
    column: int
    kind: Happening
    ratio: float = NAN
    other: int = -1


def plan(rng: Rng, count: int, width: int, *, is_crypto: bool) -> list[Plan]:
    """What will happen to the symbols of a block of that shape."""
    plans: list[Plan] = []
    for column in range(width):
        plans += _flows(rng, count, column, is_crypto=is_crypto)
        if not is_crypto:
            plans += _corporate(rng, count, column, width)
    return plans


def _some_row(rng: Rng, count: int) -> int:
    return int(rng.integers(1, count))


def _flows(rng: Rng, count: int, column: int, *, is_crypto: bool) -> list[Plan]:
    paid = Happening.FUNDING if is_crypto else Happening.DIVIDEND
    plans = []
    if rng.random() < 0.5:
        times = int(rng.integers(1, 8))
        plans += [Plan(_some_row(rng, count), column, paid) for _ in range(times)]
    if rng.random() < 0.3:
        times = int(rng.integers(1, 4))
        plans += [Plan(_some_row(rng, count), column, Happening.MANUAL) for _ in range(times)]
    if rng.random() < 0.3:
        plans += [Plan(_some_row(rng, count), column, Happening.RECALL) for _ in range(3)]
    if rng.random() < 0.3:
        plans.append(Plan(_some_row(rng, count), column, Happening.SECTOR))
    if rng.random() < 0.3:
        start = _some_row(rng, count)
        plans.append(Plan(start, column, Happening.HALT))
        end = start + int(rng.integers(1, 6))
        if end < count:
            plans.append(Plan(end, column, Happening.RESUME))
    return plans


def _corporate(rng: Rng, count: int, column: int, width: int) -> list[Plan]:
    plans = []
    if rng.random() < 0.5:
        ratio = float(rng.choice(RATIOS))
        plans.append(Plan(_some_row(rng, count), column, Happening.SPLIT, ratio))
    others = [other for other in range(width) if other != column]
    if others and rng.random() < 0.35:
        other = int(rng.choice(others))
        share = float(rng.choice([0.1, 0.25, 0.4]))
        plans.append(Plan(_some_row(rng, count), column, Happening.SPIN_OFF, share, other))
    if rng.random() < 0.4:
        kind = Happening(int(rng.choice([int(k) for k in TERMINAL])))
        row = int(rng.integers(count // 3, count))
        if kind is not Happening.STOCK_MERGER:
            plans.append(Plan(row, column, kind))
        elif others:
            plans.append(Plan(row, column, kind, other=int(rng.choice(others))))
    return plans


def price_factors(plans: list[Plan], count: int, width: int) -> F64:
    """By how much splits and spin-offs scale the prices of each row (T, N)."""
    factors = np.ones((count, width))
    for p in plans:
        if p.kind is Happening.SPLIT:
            factors[p.row, p.column] /= p.ratio
        elif p.kind is Happening.SPIN_OFF:
            factors[p.row, p.column] *= 1 - p.ratio
    return factors


def end_bars(rng: Rng, block: Block, plans: list[Plan]) -> None:
    """No bars after a merger or a delisting; now and then the file goes on all the same."""
    for p in plans:
        if p.kind in TERMINAL and rng.random() < 0.9:
            for prices in (block.open, block.high, block.low, block.close, block.volume):
                prices[p.row :, p.column] = np.nan


def entries(
    rng: Rng, block: Block, plans: list[Plan], place: tuple[np.ndarray, int, float]
) -> list[Entry]:
    """Plans as happenings; `place`: tape row of each block row, first column, account's cash."""
    rows, first, cash = place
    last = int(rows[-1])
    return [
        (
            int(rows[p.row]) if rng.random() < 0.95 else int(rng.integers(0, last + 1)),
            first + p.column,
            int(p.kind),
            *_numbers(rng, block, p, (first, cash)),
        )
        for p in plans
    ]


def _last_close(block: Block, row: int, column: int) -> float:
    known = block.close[: row + 1, column]
    known = known[~np.isnan(known)]
    return float(known[-1]) if known.size else block.symbols[column].price


def _numbers(
    rng: Rng, block: Block, p: Plan, place: tuple[int, float]
) -> tuple[float, float, float]:
    first, cash = place
    price = _last_close(block, p.row, p.column)
    match p.kind:
        case Happening.SPLIT:
            return p.ratio, 0.0, 0.0
        case Happening.DIVIDEND | Happening.FUNDING:
            return price * float(rng.uniform(-0.001, 0.02)), 0.0, 0.0
        case Happening.CASH_MERGER:
            return price * float(rng.uniform(0.9, 1.4)), 0.0, 0.0
        case Happening.DELIST:
            return float(rng.choice([NAN, 0.0, price * 0.2])), 0.0, 0.0
        case Happening.STOCK_MERGER | Happening.SPIN_OFF:
            worth = price / _last_close(block, p.row, p.other)
            if p.kind is Happening.SPIN_OFF:
                return float(first + p.other), worth * p.ratio, p.ratio
            paid = float(rng.choice([0.0, 0.2]))
            return float(first + p.other), worth * (1 - paid), price * paid
        case Happening.SECTOR:
            return float(rng.integers(-1, 2)), 0.0, 0.0
        case Happening.MANUAL:
            lot = block.symbols[p.column].lot
            lots = max(1.0, np.floor(cash * float(rng.uniform(0.005, 0.1)) / price / lot))
            sign = float(rng.choice([-1.0, 1.0]))
            return sign * lots * lot, price * float(rng.uniform(0.9, 1.1)), 0.0
        case _:
            return 0.0, 0.0, 0.0


def deposits(rng: Rng, row_count: int, cash: float) -> list[Entry]:
    """Money in and out of the account."""
    if rng.random() < 0.6:
        return []
    kind = int(Happening.DEPOSIT)
    worst = float(rng.choice([-0.4, -0.4, -1.5]))
    amounts = cash * rng.uniform(worst, 0.6, int(rng.integers(1, 4)))
    return [(int(rng.integers(0, row_count)), -1, kind, float(a), 0.0, 0.0) for a in amounts]
