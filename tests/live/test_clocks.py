"""The clock of a venue that runs faster, and tasks that are started again."""

import asyncio

import pytest

from greenlight.domain import HaltError, LeaseError, RetryError, UserError
from greenlight.live import VenueClock, measure
from greenlight.live.supervisor import supervise
from greenlight.storm.virtual import VirtualClock, run

NS = 1_000_000_000


class Venue:
    """A venue whose clock began at 1,000 s and runs at `speed`; readings may be off."""

    name = "venue"

    def __init__(self, speed: float) -> None:
        self.speed, self.error = speed, 0.0

    async def now(self) -> int:
        at = asyncio.get_running_loop().time()
        return int((1_000.0 + at * self.speed + self.error) * NS)


def elapsed() -> float:
    return asyncio.get_running_loop().time()


@pytest.mark.parametrize(("speed", "taken"), [(60.0, 60.0), (1.04, 1.0), (0.5, 0.5)])
def test_the_speed_of_a_venue_is_measured(speed, taken):
    clock = run(measure(Venue(speed), elapsed))
    assert clock.speed == pytest.approx(taken)


def test_a_clock_that_stands_still_is_refused():
    with pytest.raises(UserError, match="the clock of venue stands still"):
        run(measure(Venue(0.0), elapsed))


def test_it_follows_the_venue_and_never_goes_back():
    async def main():
        venue = Venue(60.0)
        clock = VenueClock(elapsed, int(1_000 * NS), 61.0)  # measured wrong by a little
        seen = []
        for _ in range(30):
            await asyncio.sleep(1.0)
            clock.follow(await venue.now())
            seen.append(clock.now())
        return seen, await venue.now()

    seen, now = run(main())
    assert seen == sorted(seen)
    assert abs(seen[-1] - now) < 90 * NS  # of 1,800 s


def test_a_reading_far_off_is_not_believed():
    async def main():
        venue = Venue(60.0)
        clock = VenueClock(elapsed, int(1_000 * NS), 60.0)
        await asyncio.sleep(10.0)
        venue.error = -3_600.0
        clock.follow(await venue.now())
        return clock.speed

    assert run(main()) == 60.0


def test_a_speed_that_was_measured_wrong_is_mended_after_readings_that_agree():
    async def main():
        venue = Venue(60.0)
        clock = VenueClock(elapsed, int(1_000 * NS), 20.0)
        for _ in range(4):
            await asyncio.sleep(5.0)
            clock.follow(await venue.now())
        return clock.speed, clock.now() - await venue.now()

    speed, off = run(main())
    assert speed == pytest.approx(60.0)
    assert abs(off) < 5 * NS


def supervised(*outcomes, seconds: float):
    """Times at which a task is started that ends with these outcomes, one after the other."""
    told, starts = [], []

    async def main():
        clock = VirtualClock(0)
        left = list(outcomes)

        async def task():
            starts.append(round(clock.now() / NS, 3))
            outcome = left.pop(0) if left else None
            if isinstance(outcome, BaseException):
                raise outcome
            await clock.sleep(outcome or 1e9)

        watch = asyncio.ensure_future(
            supervise("task", task, clock, lambda _level, text: told.append(text))
        )
        await asyncio.wait({watch}, timeout=seconds)
        watch.cancel()
        (result,) = await asyncio.gather(watch, return_exceptions=True)
        return result

    return run(main()), starts, told


def test_a_task_that_fails_is_started_again_later_each_time():
    fails = [RetryError("busy"), RetryError("busy"), ValueError("a bug")]
    _, starts, told = supervised(*fails, seconds=60.0)
    assert starts == [0.0, 1.0, 3.0, 7.0]
    assert told[0] == "task: busy; again in 1 s"
    assert told[2] == "task: ValueError: a bug; again in 4 s"


def test_a_task_that_ran_for_long_is_started_again_at_once():
    _, starts, _ = supervised(RetryError("x"), RetryError("x"), 400.0, seconds=500.0)
    assert starts == [0.0, 1.0, 3.0, 404.0]


def test_a_lost_lease_ends_it():
    result, starts, _ = supervised(HaltError("keys"), LeaseError("lost"), seconds=60.0)
    assert isinstance(result, LeaseError)
    assert len(starts) == 2
