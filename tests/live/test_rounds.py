"""What a bot does again and again: its feed of quotes dies and lives again."""

import asyncio
from decimal import Decimal
from types import SimpleNamespace

from greenlight.domain import AssetClass, Instrument, Quote, RetryError, Timeframe
from greenlight.ledger import FeedChanged
from greenlight.live import Block, Timekeeper, Universe
from greenlight.live.rounds import Rounds
from greenlight.live.supervisor import supervise
from greenlight.storm.virtual import VirtualClock, run

OPEN = 1_709_821_800 * 1_000_000_000  # 2024-03-07 09:30 in New York


class Feed:
    """Breaks at once, then after a quote, then speaks on."""

    name = "feed"

    def __init__(self, clock: VirtualClock) -> None:
        self._clock, self._tries = clock, 0

    async def quotes(self, _instruments):
        self._tries += 1
        if self._tries == 1:
            raise RetryError("refused")
        while True:
            yield Quote("A", self._clock.now(), *(Decimal(n) for n in (1, 2, 3, 4)))
            if self._tries == 2:
                raise RetryError("broken")
            await self._clock.sleep(1.0)


def test_quotes_that_come_again_are_told_as_alive():
    notes: list[object] = []
    heard: list[Quote] = []

    async def main():
        clock = VirtualClock(OPEN)
        one = Instrument("A", AssetClass.EQUITY, "XNYS")
        universe = Universe((Block("XNYS", Timeframe.M5, 0, (one,)),))
        owner = SimpleNamespace(
            world=SimpleNamespace(clock=clock, feed=Feed(clock)),
            charter=SimpleNamespace(universe=universe),
            times=Timekeeper(universe, OPEN),
            executor=SimpleNamespace(quote=heard.append),
            note=notes.append,
        )
        (work,) = [work for name, work in Rounds(owner).tasks() if name == "quotes"]
        task = asyncio.ensure_future(supervise("quotes", work, clock, lambda *_: None))
        await clock.sleep(30.0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    run(main())
    changes = [one for one in notes if isinstance(one, FeedChanged)]
    assert [(one.is_alive, one.detail) for one in changes] == [
        (False, "refused"),
        (True, ""),
        (False, "broken"),
        (True, ""),
    ]
    assert {one.feed for one in changes} == {"feed quotes"}
    assert len(heard) > 5
