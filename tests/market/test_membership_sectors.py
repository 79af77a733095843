"""Who belonged to the universe and to which sector on a given day."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from greenlight.domain import UserError
from greenlight.market.membership import Membership, read_membership
from greenlight.market.sectors import Sectors, read_sectors, sector_names
from greenlight.market.tables import day_number


def sessions(*days: str) -> np.ndarray:
    return np.array([day_number(date.fromisoformat(day)) for day in days], dtype=np.int64)


def test_a_symbol_may_join_leave_and_join_again(tmp_path: Path) -> None:
    path = tmp_path / "members.csv"
    path.write_text("symbol,from,to\nAAL,1996-01-02,1997-01-15\nAAL,2015-03-23,\n")
    days = sessions(
        "1996-01-01", "1996-01-02", "1997-01-14", "1997-01-15", "2015-03-23", "2030-01-01"
    )
    flags = read_membership(path).flags("AAL", days)
    assert flags.tolist() == [False, True, True, False, True, True]


def test_the_column_names_of_public_lists_are_understood(tmp_path: Path) -> None:
    path = tmp_path / "members.csv"
    path.write_text("ticker,start_date,end_date\nTWTR,2018-06-07,2022-11-01\n")
    flags = read_membership(path).flags("TWTR", sessions("2022-10-31", "2022-11-01"))
    assert flags.tolist() == [True, False]


def test_a_symbol_that_is_not_listed_was_never_a_member() -> None:
    assert not Membership.of([]).flags("AAPL", sessions("2020-01-01")).any()


def test_spells_that_overlap_or_are_empty_are_refused(tmp_path: Path) -> None:
    first = ("A", date(2000, 1, 1), None)
    with pytest.raises(UserError, match="A joins on 2001-01-01 while it is a member"):
        Membership.of([first, ("A", date(2001, 1, 1), date(2002, 1, 1))])
    path = tmp_path / "members.csv"
    path.write_text("symbol,from,to\nA,2001-01-01,2001-01-01\n")
    with pytest.raises(UserError, match=r"members.csv: membership: A leaves on 2001-01-01"):
        read_membership(path)


def test_a_sector_holds_from_its_day_until_the_next_one(tmp_path: Path) -> None:
    path = tmp_path / "sectors.csv"
    path.write_text(
        "symbol,sector,from,to\n"
        "AIV,Financials,2013-02-10,2017-03-08\n"
        "AIV,Real Estate,2017-03-08,2021-02-11\n"
        "ADP,Information Technology,2013-02-10,\n"
        "ADP,Industrials,2023-04-13,\n"
    )
    sectors = read_sectors(path)
    days = sessions("2013-02-09", "2013-02-10", "2017-03-07", "2017-03-08", "2021-02-11")
    known = [sectors.at("AIV", int(day)) for day in days]
    assert known == [None, "Financials", "Financials", "Real Estate", None]
    assert sector_names(sectors.changes("AIV"), days).tolist() == [n or "" for n in known]
    assert [name for _, name in sectors.changes("ADP")] == ["Information Technology", "Industrials"]
    assert sectors.at("ADP", int(sessions("2023-04-13")[0])) == "Industrials"
    assert sectors.changes("ZZZ") == ()
    assert sector_names((), days).tolist() == [""] * 5


def test_two_sectors_on_one_day_are_refused() -> None:
    with pytest.raises(UserError, match="A has two sectors on 2001-01-01"):
        Sectors.of(
            [
                ("A", "Energy", date(2000, 1, 1), date(2002, 1, 1)),
                ("A", "Utilities", date(2001, 1, 1), None),
            ]
        )
    with pytest.raises(UserError, match="A has two sectors on 2000-01-01"):
        Sectors.of([("A", n, date(2000, 1, 1), None) for n in ("Energy", "Utilities")])


def test_a_date_with_a_time_of_day_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sectors.csv"
    path.write_text("symbol,sector,from\nA,Energy,2000-01-01T15:00\n")
    with pytest.raises(UserError, match="line 2: from '2000-01-01T15:00' has a time of day"):
        read_sectors(path)
