"""Random trades at a misbehaving venue, crashes at every await: the end is always the same.

Whatever happens: nothing is sold twice, no two tickets of an intent and role are open, and once the
venue behaves the book equals it and what is held is behind a stop.
"""

import asyncio

import numpy as np
import pytest
from model_venue import CRYPTO, EQUITIES, FREE, PLAIN, Faults
from stage_of_one import StageOfOne

from greenlight.domain import Capabilities, Role

VENUES = {
    "equities": EQUITIES,
    "plain": PLAIN,
    "crypto": CRYPTO,
    "free": FREE,
    "poor": Capabilities(),
}


async def storm(stage: StageOfOne, steps: int) -> None:
    """Prices walk, the trader buys, trails and leaves, as chance has it."""
    rng = np.random.default_rng(stage.rng.integers(2**31))
    stage.see("100")
    for _ in range(steps):
        price = float(stage.venue.price) * float(np.exp(rng.normal(0.0, 0.012)))
        stage.see(f"{price:.2f}")
        act = rng.random()
        if stage.trader.held == 0.0 and Role.ENTRY not in stage.trader.wants:
            stage.do("enter", float(rng.integers(1, 12)))
        elif act < 0.15:
            stage.do("trail", round(price * 0.98, 2))
        elif act < 0.25:
            stage.do("leave")
        elif act < 0.32 and stage.trader.held > 2:
            stage.do("leave", float(int(stage.trader.held // 2)))
        await stage.let(float(rng.choice([0.3, 2.0, 8.0])))


async def calm(stage: StageOfOne) -> None:
    """The venue behaves, prices stand still; time passes."""
    stage.venue.faults = Faults()
    stage.is_messy = stage.is_deaf = False
    stage.venue.delay_s = 0.0
    for _ in range(4):
        stage.venue.match()
        stage.executor.quote(stage.venue.quote())
        await stage.let(35.0, step=5.0)


def check(stage: StageOfOne) -> None:
    assert stage.venue.broken == []
    assert float(stage.venue.position) == stage.trader.held
    assert stage.executor.is_quiet
    held = abs(stage.venue.position)
    guarded = sum((left for _, left, _ in stage.stops()), start=held - held)
    assert guarded == held, stage.open()
    assert all(not line.startswith("BUY") for line in stage.open())


@pytest.mark.parametrize("name", VENUES)
@pytest.mark.parametrize("is_deaf", [False, True])
def test_random_trades_at_a_misbehaving_venue_end_in_order(name: str, is_deaf: bool) -> None:
    async def whole(stage: StageOfOne) -> None:
        stage.work()
        await storm(stage, 40)
        await calm(stage)
        await stage.stop()

    for seed in range(6):
        stage = StageOfOne(VENUES[name], seed)
        stage.trader.target = 0.03 if seed % 2 else 0.0
        stage.is_messy, stage.is_deaf = True, is_deaf
        stage.venue.delay_s = 0.6
        stage.venue.faults = Faults(retry=0.05, lost=0.05, unknown=0.05, late=0.03, partial=0.4)
        asyncio.run(whole(stage))
        check(stage)


#: seconds, what is done, with what
SCENE: list[tuple[float, str, object]] = [
    (0.0, "price", "100"),
    (0.0, "enter", 10.0),
    (20.0, "price", "102"),
    (0.0, "trail", 97.0),
    (20.0, "leave", 4.0),
    (20.0, "price", "104"),
    (20.0, "leave", None),
    (20.0, "enter", 5.0),
    (20.0, "price", "90"),
    (30.0, "enter", 3.0),
    (20.0, "price", "90"),
]


async def perform(stage: StageOfOne, crash_at: int) -> int:
    """Play the scene, crash at one boundary; how many there were."""
    count = 0

    async def boundary(_where: str) -> None:
        nonlocal count
        count += 1
        if count == crash_at:
            stage.crashed.set()
            await asyncio.Event().wait()

    stage.venue.boundary = stage.journal.waits = boundary
    stage.is_quoting = True
    stage.work()
    for seconds, name, argument in SCENE:
        await stage.let(seconds, step=1.0)
        if name == "price":
            stage.see(str(argument))
        else:
            stage.do(name, argument)
        await stage.let(0.5)
    if crash_at == 0:
        stage.venue.boundary = stage.journal.waits = None
    await calm(stage)
    await stage.stop()
    return count


@pytest.mark.parametrize("name", VENUES)
def test_a_crash_at_any_await_ends_where_no_crash_ends(name: str) -> None:
    whole = StageOfOne(VENUES[name])
    count = asyncio.run(perform(whole, 0))
    check(whole)
    expected = (whole.filled(), whole.open())
    assert count > 30
    for crash_at in range(1, count + 1):
        stage = StageOfOne(VENUES[name])
        asyncio.run(perform(stage, crash_at))
        check(stage)
        assert stage.open() == expected[1], crash_at
        bought = sum(q for role, q in stage.filled() if role == "ENTRY")
        assert bought == sum(q for role, q in expected[0] if role == "ENTRY"), crash_at
