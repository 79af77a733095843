"""How the drills of the executor are played."""

import asyncio
from collections.abc import Awaitable, Callable

from stage_of_one import StageOfOne

from greenlight.ledger import Act, Answered, Sending

Drill = Callable[[StageOfOne], Awaitable[None]]


def play(stage: StageOfOne, drill: Drill) -> StageOfOne:
    async def whole() -> None:
        stage.work()
        try:
            await drill(stage)
        finally:
            await stage.stop()

    asyncio.run(whole())
    assert stage.venue.broken == []
    return stage


async def buy(stage: StageOfOne, quantity: float = 10.0) -> None:
    stage.see("100")
    stage.do("enter", quantity)
    await stage.let(2.0)
    stage.see("100.01")  # the limit at the touch fills
    await stage.let(2.0)
    stage.see("100")
    assert stage.trader.held == quantity


def outcomes(stage: StageOfOne, act: Act = Act.SUBMIT) -> list[str]:
    return [one.outcome.value for one in stage.journal.of(Answered) if one.act is act]


def names(stage: StageOfOne) -> list[str]:
    return [one.client_id for one in stage.journal.of(Sending) if one.act is Act.SUBMIT]
