import asyncio
import json
import os
import sqlite3
from decimal import Decimal
from pathlib import Path

import pytest

from greenlight.cli import main
from greenlight.domain import Side, Span, Ticket
from greenlight.domain.orders import OrderKind
from greenlight.ledger import (
    Act,
    Alerted,
    BacktestDone,
    Claim,
    Clocks,
    Ledger,
    Mode,
    RunBegan,
    Sending,
    Started,
    load_key,
)

NOON = 1_735_830_000 * 10**9  # 2025-01-02 10:00 in New York
URL = "sqlite:///greenlight.db"


def write(run: str = "paper-1", url: str = URL) -> None:
    clocks = Clocks(lambda: NOON, lambda: NOON)
    rules = (("A",), (1,), ("XNYS 1d",), {}, {})
    began = RunBegan(run, "acc", "sim", Mode.PAPER, *rules, 1e5, -1, False, "1")
    ticket = Ticket("gl1-0-1E0", "A", Side.BUY, OrderKind.MARKET, Decimal("1.50"), Span.DAY)
    with Ledger.open(url, load_key(Path("ledger.key"), {})) as ledger:
        lease = ledger.take_lease(Claim("acc", "host/1", NOON, force=True))
        journal = ledger.begin_run(began, lease, clocks)
        journal.append(Started(1, "host/1"))
        journal.append(Sending(Act.SUBMIT, ticket.client_id, ticket))
        journal.append(Alerted("info", "x" * 300))
        asyncio.run(journal.durable())
        journal.close()


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GREENLIGHT_LEDGER_KEY", raising=False)
    return tmp_path


def said(capsys) -> str:
    return capsys.readouterr().out


def test_runs_are_listed_with_state_and_times(capsys):
    write("paper-1")
    write("paper-2")
    assert main(["ledger", "runs"]) == 0
    shown = said(capsys)
    assert shown.count("paper-") == 2
    assert "running" in shown
    assert main(["ledger", "runs", "--account", "acc", "--json"]) == 0
    first, second = json.loads(said(capsys))
    assert (first["run"]["run"], first["entries"], second["run"]["mode"]) == ("paper-1", 4, "paper")


def test_entries_are_shown_last_first_or_by_kind(capsys):
    write()
    assert main(["ledger", "show", "--count", "2"]) == 0
    shown = said(capsys)
    assert "Sending" in shown
    assert "2025-01-02 10:00 ET" in " ".join(shown.split())
    assert "RunBegan" not in shown
    assert main(["ledger", "show", "paper-1", "--from", "2", "--count", "1", "--json"]) == 0
    (entry,) = json.loads(said(capsys))
    assert (entry["seq"], entry["kind"], entry["record"]["holder"]) == (2, "Started", "host/1")
    assert main(["ledger", "show", "--kind", "Sending", "--json"]) == 0
    (entry,) = json.loads(said(capsys))
    assert entry["record"]["ticket"]["quantity"] == "1.50"


def test_a_view_is_shown_as_a_table(capsys):
    write()
    assert main(["ledger", "show", "--view", "orders"]) == 0
    assert "gl1-0-1E0" in said(capsys)
    assert main(["ledger", "show", "--view", "orders", "--json"]) == 0
    (row,) = json.loads(said(capsys))
    assert (row["instrument"], row["state"], row["quantity"]) == ("A", "sending", 1.5)
    assert main(["ledger", "show", "--view", "fills", "--json"]) == 0
    assert json.loads(said(capsys)) == []


def test_verify_says_whole_and_names_what_was_edited(capsys):
    write()
    assert main(["ledger", "verify"]) == 0
    assert said(capsys) == "the ledger: whole\nrun paper-1: 4 entries, whole\n"
    with sqlite3.connect("greenlight.db") as connection:
        connection.execute("UPDATE journal SET body = replace(body, '1.50', '15.0')")
    connection.close()
    assert main(["ledger", "verify"]) == 1
    assert "run paper-1: entry 3 was changed" in said(capsys)
    assert main(["ledger", "verify", "--json"]) == 1
    assert [finding["seq"] for finding in json.loads(said(capsys))] == [None, 3]


def test_verify_without_the_key_says_so_and_makes_none(here, capsys):
    write()
    os.remove("ledger.key")
    assert main(["ledger", "verify"]) == 2
    assert "the key that sealed this ledger is not there" in capsys.readouterr().err
    assert not (here / "ledger.key").exists()


def test_rebuild_says_from_how_many_entries(capsys):
    write()
    assert main(["ledger", "rebuild"]) == 0
    assert said(capsys) == "views made anew from 4 entries\n"


def test_a_run_is_exported_and_imported_elsewhere(here, capsys):
    write()
    assert main(["ledger", "export", "--output", "run.jsonl"]) == 0
    assert sorted(os.listdir(here)) == ["greenlight.db", "ledger.key", "run.jsonl"]
    assert main(["ledger", "import", "run.jsonl", "--ledger", "sqlite:///copy.db"]) == 0
    assert said(capsys) == "paper-1: 4 entries, seals checked\n"
    args = ["--ledger", "sqlite:///copy.db", "--output", "again.jsonl"]
    assert main(["ledger", "export", *args]) == 0
    assert (here / "again.jsonl").read_bytes() == (here / "run.jsonl").read_bytes()
    assert main(["ledger", "import", "run.jsonl"]) == 2
    assert "run paper-1 is in this ledger already" in capsys.readouterr().err


def test_an_import_under_another_key_says_that_it_could_not_be_checked(here, capsys):
    write()
    main(["ledger", "export", "--output", "run.jsonl"])
    (here / "sub").mkdir()
    assert main(["ledger", "import", "run.jsonl", "--ledger", "sqlite:///sub/copy.db"]) == 0
    assert "not checked" in said(capsys)
    assert main(["ledger", "verify", "--ledger", "sqlite:///sub/copy.db"]) == 0
    assert "none missing; sealed with another key" in said(capsys)


def test_export_goes_to_standard_output_unless_told(capfdbinary):
    write()
    assert main(["ledger", "export"]) == 0
    lines = capfdbinary.readouterr().out.splitlines()
    assert [json.loads(line).get("seq") for line in lines] == [None, 1, 2, 3, 4]


def test_backtests_are_listed(capsys):
    with Ledger.open(URL, load_key(Path("ledger.key"), {})) as ledger:
        ledger.register_backtest(BacktestDone("ab12", "demo", "lucky", "runs/d", {"x": 1}), NOON)
    assert main(["ledger", "backtests"]) == 0
    assert "demo" in said(capsys)
    assert main(["ledger", "backtests", "--json"]) == 0
    assert json.loads(said(capsys))[0]["metrics"] == {"x": 1}


def test_the_database_is_where_the_settings_say(here, capsys):
    write()
    (here / "greenlight.db").rename(here / "other.db")
    (here / "greenlight.toml").write_text('[ledger]\nurl = "sqlite:///other.db"\n')
    assert main(["ledger", "runs"]) == 0
    assert "paper-1" in said(capsys)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["runs"], "no ledger there yet; greenlight paper begins one"),
        (["runs", "--ledger", "sqlite://"], "forgets everything"),
        (["import", "nowhere.jsonl"], "nowhere.jsonl: No such file"),
    ],
)
def test_mistakes_are_one_line(capsys, arguments, complaint):
    assert main(["ledger", *arguments]) == 2
    error = capsys.readouterr().err
    assert complaint in error
    assert error.count("\n") == 1


def test_a_run_that_is_not_there_is_told(capsys):
    write()
    for command in (["show", "x"], ["show", "x", "--view", "fills"], ["export", "x"]):
        assert main(["ledger", *command]) == 2
        assert "no run x in sqlite:///" in capsys.readouterr().err


def test_verify_begins_no_ledger_where_there_is_none(here, capsys):
    assert main(["ledger", "verify"]) == 2
    assert "no ledger there yet" in capsys.readouterr().err
    assert list(here.iterdir()) == []


def test_verify_of_tables_that_were_made_and_never_sealed_says_so(here, capsys):
    """A process was killed between its first two writes."""
    from greenlight.ledger.database import open_database
    from greenlight.ledger.upgrading import bring_up

    database = open_database(URL)
    bring_up(database)
    database.close()
    assert main(["ledger", "verify"]) == 2
    assert "no ledger there yet" in capsys.readouterr().err
    assert not (here / "ledger.key").exists()
