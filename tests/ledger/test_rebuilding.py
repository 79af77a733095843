import asyncio
from dataclasses import astuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger_scenes import busy_day, journal_of, opened, word, write, write_words
from record_strategies import records

from greenlight.ledger import Pace
from greenlight.ledger.views import VIEWS


def everything(ledger) -> dict[str, list[str]]:
    """Every row of every view, to the last digit (repr tells -0.0 from 0.0 and 1.0 from 1)."""
    return {view.name: [repr(astuple(row)) for row in ledger.rows(view)] for view in VIEWS}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_views_made_again_are_what_they_were_to_the_last_digit(url, seed):
    with opened(url) as ledger:
        write(ledger, busy_day(seed), "r1")
        write(ledger, busy_day(seed + 10), "r2", "other")
        before = everything(ledger)
        assert all(before.values()), "a view without rows proves nothing"
        count = sum(one.entries for one in ledger.runs())
        assert ledger.rebuild() == count
        assert everything(ledger) == before


def test_a_rebuild_does_not_depend_on_how_the_journal_was_cut_into_groups(url):
    with opened(url) as ledger:
        write(ledger, busy_day(4), "r1")
        with_groups = everything(ledger)["positions"]
    with opened(url) as ledger:
        with journal_of(ledger, "r2", pace=Pace(most_at_once=1)) as journal:
            for record in busy_day(4):
                journal.append(record)
            write_words(journal, ["end"])
        alone = [row.replace("'r2'", "'r1'") for row in everything(ledger)["positions"]]
    assert alone[: len(with_groups)] == with_groups


def test_a_rebuild_beside_a_bot_that_writes_takes_nothing_from_it(url):
    async def play(journal, ledger) -> None:
        made = asyncio.get_running_loop().run_in_executor(None, lambda: rebuild_often(ledger))
        while not made.done():
            for record in busy_day(6):
                journal.append(record)
            await journal.durable()
        await made

    def rebuild_often(ledger) -> None:
        for _ in range(4):
            ledger.rebuild()

    with opened(url) as ledger:
        with journal_of(ledger) as journal:
            asyncio.run(play(journal, ledger))
        there = everything(ledger)
        ledger.rebuild()
        assert everything(ledger) == there
        assert all(finding.is_whole for finding in ledger.verify())


def test_long_journals_are_rebuilt_too(url):
    with opened(url) as ledger:
        write(ledger, [word(str(n)) for n in range(2_500)])
        assert ledger.rebuild() == 2_501


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(told=st.lists(records(), max_size=8))
def test_whatever_was_journalled_is_taken_and_rebuilt(url, told):
    """Text with NULs, numbers at their ends, NaN: no record may keep the journal from the disk."""
    with opened(url) as ledger:
        run = f"r{len(ledger.runs())}"
        write(ledger, told, run)
        before = everything(ledger)
        ledger.rebuild()
        assert everything(ledger) == before
        assert all(finding.is_whole for finding in ledger.verify())
