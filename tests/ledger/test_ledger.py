import asyncio

import pytest
from ledger_scenes import (
    KEY,
    NS,
    QUICK,
    began,
    claim,
    journal_of,
    opened,
    still,
    texts,
    word,
    write,
    write_words,
)

from greenlight.domain import HaltError, LeaseError, RetryError, UserError
from greenlight.ledger import RUNS, BacktestDone, Clocks, Pace, RunBegan


def test_what_was_durable_is_read_back_in_order_by_the_next_process(url):
    with opened(url) as ledger, journal_of(ledger) as journal:
        numbers = [journal.append(word(str(n))) for n in range(30)]
        asyncio.run(journal.durable())
    assert numbers == list(range(2, 32))
    with opened(url) as ledger:
        lease = ledger.take_lease(claim(force=True))
        journal = ledger.resume_run("r1", lease, still())
        first, *rest = journal.entries()
        assert isinstance(first.record, RunBegan)
        assert [entry.record.text for entry in rest] == [str(n) for n in range(30)]
        assert [entry.seq for entry in rest] == numbers
        assert journal.append(word("more")) == 32
        asyncio.run(journal.durable())
        journal.close()
        assert texts(ledger)[-2:] == ["29", "more"]


def test_entries_bear_the_clock_of_the_run_and_that_of_the_machine(url):
    with opened(url) as ledger:
        lease = ledger.take_lease(claim())
        journal = ledger.begin_run(began(), lease, Clocks(lambda: 5, lambda: 9))
        (entry,) = journal.entries()
        journal.close()
    assert (entry.ts, entry.wall_ts, entry.record) == (5, 9, began())


def test_many_that_wait_are_told_together(url):
    async def play(journal) -> None:
        async def one(n: int) -> None:
            journal.append(word(str(n)))
            await journal.durable()

        await asyncio.gather(*[one(n) for n in range(50)])

    with opened(url) as ledger:
        with journal_of(ledger) as journal:
            asyncio.run(play(journal))
            assert journal.queued == 0
        assert texts(ledger) == [str(n) for n in range(50)]


def test_one_that_waits_may_give_up(url):
    async def play(journal) -> None:
        journal.append(word("a"))
        waiting = asyncio.ensure_future(journal.durable())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await journal.durable()

    with opened(url) as ledger, journal_of(ledger) as journal:
        asyncio.run(play(journal))


def test_a_second_bot_is_refused_and_told_who_holds_the_account(url):
    with opened(url) as ledger:
        ledger.take_lease(claim(holder="the first"))
        with pytest.raises(UserError, match="acc is held by the first, last heard of 29 s ago"):
            ledger.take_lease(claim(holder="the second", wall_ts=1_029 * NS))
        assert ledger.take_lease(claim("other")).fence == 1


def test_a_holder_that_is_silent_gone_or_done_is_followed(url):
    with opened(url) as ledger:
        first = ledger.take_lease(claim())
        assert ledger.beat(first, 1_020 * NS)
        with pytest.raises(UserError):
            ledger.take_lease(claim(wall_ts=1_031 * NS))
        second = ledger.take_lease(claim(wall_ts=1_050 * NS))
        assert not ledger.beat(first, 1_051 * NS)
        third = ledger.take_lease(claim(wall_ts=1_051 * NS, is_gone=lambda name: name == "me"))
        ledger.release(second)
        assert ledger.lease_of("acc").is_held
        ledger.release(third)
        fourth = ledger.take_lease(claim(wall_ts=1_052 * NS))
        assert [one.fence for one in (first, second, third, fourth)] == [1, 2, 3, 4]
        assert ledger.lease_of("nobody's") is None


def test_a_journal_that_is_idle_keeps_its_lease_alive(url):
    wall = iter(range(10**9, 10**12, NS))
    with opened(url) as ledger:
        lease = ledger.take_lease(claim())
        pace = Pace(beat_s=0.01)
        journal = ledger.begin_run(began(), lease, Clocks(lambda: 1, lambda: next(wall)), pace)
        start = ledger.lease_of("acc").beat_ts
        while ledger.lease_of("acc").beat_ts < start + 5 * NS:
            pass
        journal.close()


def test_who_lost_the_lease_can_neither_write_nor_send(url):
    with opened(url) as ledger:
        with journal_of(ledger) as journal:
            journal.append(word("mine"))
            asyncio.run(journal.durable())
            assert asyncio.run(journal.holds())
            kill = ledger.take_lease(claim(holder="kill", force=True))
            assert not asyncio.run(journal.holds())
            with pytest.raises(LeaseError, match=r"lease 1 is lost, kill \(fence 2\) has it"):
                journal.append(word("never"))
            with pytest.raises(LeaseError):
                asyncio.run(journal.durable())
        assert ledger.beat(kill, 1)
        assert texts(ledger) == ["mine"]


def test_what_was_queued_when_the_lease_was_lost_is_not_written(url):
    with opened(url) as ledger:
        with journal_of(ledger) as journal:
            ledger.take_lease(claim(holder="kill", force=True))
            with pytest.raises(LeaseError):
                write_words(journal, map(str, range(10_000)))
        assert texts(ledger) == []
        with pytest.raises(LeaseError):
            ledger.begin_run(began("r2"), ledger_lease(1), still())
        assert [one.run.run for one in ledger.runs()] == ["r1"]


def ledger_lease(fence: int):
    from greenlight.ledger import Lease

    return Lease("acc", "me", fence)


def test_two_journals_of_one_run_do_not_mix(url):
    with opened(url) as ledger, journal_of(ledger) as journal:
        twin = ledger.resume_run("r1", ledger_lease(1), still(), QUICK)
        journal.append(word("a"))
        asyncio.run(journal.durable())
        with pytest.raises(HaltError, match="2 entries on disk where 1 were written"):
            write_words(twin, ["b"])
        twin.close()
        assert texts(ledger) == ["a"]


def test_a_run_is_begun_once_and_resumed_by_its_own_account(url):
    with opened(url) as ledger:
        write(ledger, [])
        lease = ledger.take_lease(claim(force=True))
        with pytest.raises(UserError, match="run r1 is in this ledger already"):
            ledger.begin_run(began(), lease, still())
        with pytest.raises(UserError, match="no run r9 in"):
            ledger.resume_run("r9", lease, still())
        with pytest.raises(UserError, match="is of account acc, not other"):
            ledger.resume_run("r1", ledger.take_lease(claim("other")), still())
        with pytest.raises(UserError, match="no run r9 in"):
            ledger.read("r9")


def test_a_closed_journal_says_so(url):
    with opened(url) as ledger:
        with journal_of(ledger) as journal:
            journal.append(word("last"))
        with pytest.raises(RetryError, match="closed"):
            journal.append(word("too late"))
        assert not asyncio.run(journal.holds())
        assert texts(ledger) == ["last"]


def test_runs_are_listed_with_how_far_they_came(url):
    with opened(url) as ledger:
        write(ledger, [word("a"), word("b")], "r1")
        write(ledger, [], "r2")
        write(ledger, [], "r3", "other")
        assert [(one.run.run, one.entries) for one in ledger.runs()] == [
            ("r1", 3), ("r2", 1), ("r3", 1),
        ]  # fmt: skip
        assert ledger.latest_run("acc").run.run == "r2"
        assert ledger.latest_run("nobody's") is None
        assert [one.run.run for one in ledger.runs("other")] == ["r3"]
        assert [row.run for row in ledger.rows(RUNS, last=2)] == ["r2", "r3"]
        assert ledger.rows(RUNS, "r1")[0].symbols == ("AAA", "BBB")


def test_the_same_backtest_is_registered_once_with_what_is_known_of_it_now(url):
    with opened(url) as ledger:
        ledger.register_backtest(BacktestDone("k", "one", "lucky", "runs/a", {"sharpe": 1.5}), 7)
        ledger.register_backtest(BacktestDone("m", "two", "", "runs/b", {}), 8)
        ledger.register_backtest(BacktestDone("k", "one", "sound", "runs/c", {"sharpe": [1]}), 9)
        first, second = ledger.backtests()
    assert (first.key, first.verdict, first.created) == ("k", "sound", 9)
    assert first.metrics == {"sharpe": [1]}
    assert second.title == "two"


def test_a_ledger_opened_without_its_key_is_for_reading(url):
    with opened(url) as ledger:
        write(ledger, [word("a")])
    with opened(url, None) as ledger:
        assert texts(ledger) == ["a"]
        with pytest.raises(UserError, match="for reading only"):
            ledger.begin_run(began("r2"), ledger_lease(1), still())


def test_another_key_is_refused(url):
    with opened(url):
        pass
    with pytest.raises(UserError, match=r"was sealed with key \w+, not"), opened(url, KEY[::-1]):
        pass
