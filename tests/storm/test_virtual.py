"""Virtual time: what waits a day takes no time; what is killed never runs again."""

import asyncio

import pytest

from greenlight.storm.virtual import DeadlockError, Process, VirtualClock, outside, run

NS = 1_000_000_000


def test_days_pass_at_once_and_the_clock_shows_them():
    clock = VirtualClock(origin_ts=5)

    async def main():
        await clock.sleep(3 * 86_400)
        return clock.now()

    assert run(main()) == 5 + 3 * 86_400 * NS


def test_sleepers_wake_in_the_order_of_their_times():
    async def main():
        woken = []

        async def sleeper(seconds):
            await asyncio.sleep(seconds)
            woken.append(seconds)

        await asyncio.gather(*(sleeper(s) for s in (3, 1, 2, 0.5)))
        return woken

    assert run(main()) == [0.5, 1, 2, 3]


def test_a_time_limit_of_asyncio_is_virtual_too():
    async def main():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(60):
                await asyncio.sleep(3600)
        return asyncio.get_running_loop().time()

    assert run(main()) == 60


def test_waiting_for_ever_is_an_error_that_names_who_waits_where():
    async def stuck_for_ever():
        await asyncio.get_running_loop().create_future()

    async def main():
        await asyncio.create_task(stuck_for_ever(), name="the stuck one")

    with pytest.raises(DeadlockError, match=r"the stuck one at .*stuck_for_ever"):
        run(main())


def test_a_killed_process_runs_nothing_more_not_even_its_cleaning():
    async def main():
        said = []

        async def child():
            try:
                await asyncio.sleep(10)
                said.append("child woke")
            finally:
                said.append("child cleaned")

        async def bot():
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(child())
                    await asyncio.sleep(20)
            finally:
                said.append("bot cleaned")

        process = Process("bot")
        process.start(bot())
        await asyncio.sleep(5)
        process.kill()
        await asyncio.sleep(100)
        return tuple(said)

    assert run(main()) == ()


def test_a_process_that_dies_inside_a_call_does_nothing_after_it():
    async def main():
        process, said = Process("bot"), []

        async def bot():
            said.append("before")
            try:
                process.die()
            finally:
                await asyncio.sleep(0)
                said.append("after")

        process.start(bot())
        await asyncio.sleep(1)
        return tuple(said)

    assert run(main()) == ("before",)


def test_what_a_process_asked_of_others_goes_on_after_its_death():
    async def main():
        done = []

        async def server():
            await asyncio.sleep(2)
            done.append("served")

        async def bot():
            await asyncio.get_running_loop().create_task(server(), context=outside())
            done.append("answered")

        process = Process("bot")
        process.start(bot())
        await asyncio.sleep(1)
        process.kill()
        await asyncio.sleep(5)
        return done

    assert run(main()) == ["served"]


def test_a_frozen_process_wakes_late_and_with_all_that_came():
    async def main():
        woken, loop = [], asyncio.get_running_loop()

        async def sleeper(seconds):
            await asyncio.sleep(seconds)
            woken.append((seconds, loop.time()))

        async def bot():
            await asyncio.gather(sleeper(1), sleeper(3), sleeper(20))

        process = Process("bot")
        task = process.start(bot())
        await asyncio.sleep(2)
        process.freeze()
        await asyncio.sleep(8)
        process.thaw()
        await task
        return woken

    assert run(main()) == [(1, 1), (3, 10), (20, 20)]


def test_tasks_are_ordered_in_sets_by_their_number():
    async def main():
        order = []

        async def member(n):
            try:
                await asyncio.sleep(100)
            finally:
                order.append(n)

        tasks = {asyncio.create_task(member(n)) for n in range(50)}
        await asyncio.sleep(1)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        return order

    assert run(main()) == run(main())
