import json
import math
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from greenlight.cli.output import clock, emit, money, percent, table, to_json
from greenlight.domain import Side


@dataclass(frozen=True)
class Result:
    cash: Decimal
    sharpe: float
    side: Side
    day: date
    folder: Path
    notes: tuple[str, ...]


def test_json_holds_plain_values_and_null_for_what_is_not_a_number():
    result = Result(Decimal("1.50"), math.nan, Side.BUY, date(2020, 1, 2), Path("runs/x"), ("a",))
    assert json.loads(to_json({"result": result})) == {
        "result": {
            "cash": 1.5,
            "sharpe": None,
            "side": "buy",
            "day": "2020-01-02",
            "folder": "runs/x",
            "notes": ["a"],
        }
    }
    with pytest.raises(TypeError, match="no JSON for object"):
        to_json(object())


def test_programs_get_json_and_people_a_table(capsys):
    shown = table("Prices", ["symbol", ">close"], [("AAPL", "1.00"), ("F", "22.50")])
    emit({"a": 1}, shown, as_json=True)
    assert json.loads(capsys.readouterr().out) == {"a": 1}
    emit({"a": 1}, shown, as_json=False)
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines == ["Prices", "symbol  close", "AAPL     1.00", "F       22.50"]


def test_numbers_read_as_people_write_them():
    assert money(-1234.5) == "-$1,234.50"
    assert money(Decimal(100_000)) == "$100,000.00"
    assert percent(0.0512) == "5.12 %"
    assert percent(math.nan) == "n/a"


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        (datetime(2020, 1, 2, 21, 0, tzinfo=UTC), "2020-01-02 16:00 ET (21:00 UTC)"),
        (datetime(2020, 7, 2, 20, 0, tzinfo=UTC), "2020-07-02 16:00 ET (20:00 UTC)"),
    ],
)
def test_times_are_the_exchanges_with_utc_at_hand(moment, shown):
    assert clock(int(moment.timestamp()) * 1_000_000_000) == shown
