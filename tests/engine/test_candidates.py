"""The index of candidates: both ways of making it are one."""

import numpy as np
import pytest

from greenlight.engine import build_tape
from greenlight.engine.candidates import find_candidates

BUY, SELL = 60.0, 40.0


def tape_of(rows, width, blocks=1):
    days = np.arange(rows, dtype=np.int64)
    price = np.ones((rows, width))
    one = (days * 10, days * 10 + 5, days, price, price, price, price, price)
    return build_tape([one] * blocks)


def plain(tape, score, sell):
    """What the index must be, cell by cell."""
    found = []
    for base, first, width in zip(tape.base, tape.first, tape.width, strict=True):
        said = score[base : base + width]
        found.append([int(first) + k for k in range(width) if said[k] >= BUY or said[k] <= sell])
    return found


@pytest.mark.parametrize("sell", [SELL, -np.inf])
@pytest.mark.parametrize(("width", "blocks"), [(1, 1), (5, 1), (16, 1), (40, 1), (16, 2), (3, 3)])
def test_each_row_has_its_candidates_in_order(width, blocks, sell):
    tape = tape_of(30, width, blocks)
    rng = np.random.default_rng(width + blocks)
    score = rng.uniform(20.0, 80.0, len(tape.close)).astype(np.float32)
    score[rng.random(len(score)) < 0.1] = np.nan
    index = find_candidates(tape, score, BUY, sell)
    got = [index.symbol[a:b].tolist() for a, b in zip(index.start, index.start[1:], strict=False)]
    assert got == plain(tape, score, sell)


def test_a_part_of_a_tape_has_the_candidates_of_its_own_rows():
    tape = tape_of(30, 20)
    rows = ("open_ts", "close_ts", "session", "elapsed", "at", "base", "first", "width")
    part = tape._replace(**{name: getattr(tape, name)[:10] for name in rows})
    score = np.full(len(tape.close), 90.0, dtype=np.float32)
    index = find_candidates(part, score, BUY, -np.inf)
    assert index.start.tolist() == list(range(0, 220, 20))
