import asyncio

import pytest

from greenlight.domain import HaltError, LeaseError, RetryError
from greenlight.ledger import Alerted, MemoryDisk, MemoryJournal, Mode, RunBegan

BEGAN = RunBegan(
    "r1", "acc", "sim", Mode.STORM, ("A",), (1,), ("XNYS 1d",), {}, {}, 1e5, -1, False, "1"
)


def opened(disk: MemoryDisk, **options) -> MemoryJournal:
    return MemoryJournal(disk, "r1", disk.take(), lambda: 42, **options)


@pytest.fixture
def disk():
    disk = MemoryDisk()
    disk.begin_run(BEGAN, 7)
    return disk


def texts(disk: MemoryDisk) -> list[str]:
    return [entry.record.text for entry in disk.entries("r1")[1:]]


def test_a_run_opens_with_its_beginning(disk):
    (first,) = opened(disk).entries()
    assert (first.seq, first.ts, first.record) == (1, 7, BEGAN)


def test_nothing_is_on_the_disk_before_durable(disk):
    journal = opened(disk)
    assert journal.append(Alerted("info", "a")) == 2
    assert texts(disk) == []
    asyncio.run(journal.durable())
    assert texts(disk) == ["a"]
    assert [entry.seq for entry in disk.entries("r1")] == [1, 2]


@pytest.mark.parametrize(("kept", "left"), [(0, ["a"]), (1, ["a", "b"]), (9, ["a", "b", "c"])])
def test_a_crash_loses_the_tail_but_perhaps_not_all_of_it(disk, kept, left):
    journal = opened(disk)
    journal.append(Alerted("info", "a"))
    asyncio.run(journal.durable())
    journal.append(Alerted("info", "b"))
    journal.append(Alerted("info", "c"))
    assert journal.pending == 2
    journal.crash(kept)
    assert texts(disk) == left
    with pytest.raises(HaltError):
        journal.append(Alerted("info", "d"))
    again = opened(disk)
    assert again.append(Alerted("info", "e")) == len(left) + 2


def test_what_is_appended_while_the_disk_works_is_not_safe_with_it(disk):
    async def play() -> None:
        async def sync() -> None:
            journal.append(Alerted("info", "late"))

        journal = opened(disk, sync=sync)
        journal.append(Alerted("info", "a"))
        await journal.durable()
        journal.crash()

    asyncio.run(play())
    assert texts(disk) == ["a"]


def test_two_that_wait_write_nothing_twice(disk):
    async def play() -> None:
        journal = opened(disk, sync=lambda: asyncio.sleep(0))
        journal.append(Alerted("info", "a"))
        first = asyncio.ensure_future(journal.durable())
        await asyncio.sleep(0)
        journal.append(Alerted("info", "b"))
        await asyncio.gather(first, journal.durable())

    asyncio.run(play())
    assert texts(disk) == ["a", "b"]


def test_a_disk_that_fails_keeps_nothing_and_may_be_asked_again(disk):
    failures = [RetryError("away")]

    async def sync() -> None:
        if failures:
            raise failures.pop()

    journal = opened(disk, sync=sync)
    journal.append(Alerted("info", "a"))
    with pytest.raises(RetryError):
        asyncio.run(journal.durable())
    assert texts(disk) == []
    asyncio.run(journal.durable())
    assert texts(disk) == ["a"]


def test_who_lost_the_lease_neither_writes_nor_holds(disk):
    old = opened(disk)
    old.append(Alerted("info", "too late"))
    new = opened(disk)
    with pytest.raises(LeaseError):
        asyncio.run(old.durable())
    with pytest.raises(LeaseError):
        old.append(Alerted("info", "never"))
    old.crash(5)
    assert texts(disk) == []
    assert not asyncio.run(old.holds())
    assert asyncio.run(new.holds())
