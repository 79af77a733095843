from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenlight.config import Config, load, parse_assignments
from greenlight.config.fees import SEC_FEES, TAF_FEES, regulatory_fees
from greenlight.config.fields import format_duration, parse_duration
from greenlight.domain import UserError


def written(folder: Path, text: str) -> Path:
    file = folder / "greenlight.toml"
    file.write_text(text)
    return file


def complaint(folder: Path, text: str) -> str:
    with pytest.raises(UserError) as caught:
        load(written(folder, text))
    line = str(caught.value)
    assert "\n" not in line
    return line


def test_an_empty_file_is_a_valid_configuration(tmp_path):
    assert load(written(tmp_path, "")).config == Config()


def test_later_layers_win_and_every_value_names_its_origin(tmp_path):
    file = written(tmp_path, "[limits]\nstop = 0.01\ntarget = 0.05\n\n[account]\ncash = 5_000\n")
    environment = {
        "GREENLIGHT__LIMITS__TARGET": "0.06",
        "GREENLIGHT__LIMITS__STOP": "0.03",
        "X": "1",
    }
    resolved = load(file, environment, {"limits.stop": "0.04", "account.currency": None})
    rows = {key: (value, origin) for key, value, origin in resolved.rows()}
    assert rows["limits.stop"] == (0.04, "command line")
    assert rows["limits.target"] == (0.06, "environment GREENLIGHT__LIMITS__TARGET")
    assert rows["account.cash"] == (5_000.0, "greenlight.toml line 6")
    assert rows["limits.watch"] == (0.015, "default")
    assert resolved.config.account.cash == Decimal(5_000)


def test_the_file_here_is_read_unasked_and_one_that_is_named_must_exist(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load().config == Config()
    written(tmp_path, "[account]\ncash = 7\n")
    assert load().config.account.cash == 7
    with pytest.raises(UserError, match=r"cannot read configuration .*other.toml: No such file"):
        load(tmp_path / "other.toml")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "[limits]\nstop = 0.1\n\n\n\n\ndaly_loss = 0.1",
            "unknown key [limits] daly_loss in greenlight.toml line 7; did you mean daily_loss?",
        ),
        (
            "[limts]\nstop = 0.1",
            "unknown section [limts] in greenlight.toml line 2; did you mean [limits]?",
        ),
        (
            "[costs.crypto]\nfee_bp = 1",
            "unknown key [costs.crypto] fee_bp in greenlight.toml line 2; did you mean fee_bps?",
        ),
        (
            "[account]\ncash = 0",
            "[account] cash in greenlight.toml line 2: should be greater than 0 (it is 0)",
        ),
        (
            "[account]\ncash = -5",
            "[account] cash in greenlight.toml line 2: should be greater than 0 (it is -5)",
        ),
        (
            "[account]\ncash = nan",
            "[account] cash in greenlight.toml line 2: should be a finite number (it is nan)",
        ),
        (
            "[limits]\nstop = inf",
            "[limits] stop in greenlight.toml line 2: should be a finite number (it is inf)",
        ),
        (
            "[limits]\nstop = 2.0",
            "[limits] stop in greenlight.toml line 2: should be less than 1 (it is 2.0)",
        ),
        (
            '[limits]\ncooloff = "4 hours"',
            "[limits] cooloff in greenlight.toml line 2: '4 hours' is not a duration; "
            "write 90s, 15m, 4h or 2d",
        ),
        (
            '[data]\ntimeframe = "2h"',
            "[data] timeframe in greenlight.toml line 2: "
            "should be '1m', '5m', '15m', '30m', '1h', '4h' or '1d' (it is '2h')",
        ),
        (
            "[data]\nstart = 2020-02-01\nend = 2020-01-01",
            "[data] in greenlight.toml line 2: start 2020-02-01 is after end 2020-01-01",
        ),
        (
            "[limits]\nrsi_low = 80.0",
            "[limits] in greenlight.toml line 2: rsi_low 80 must be below rsi_high 70",
        ),
        ("[limits]\nsizing_value = 50.0", None),
        ('[strategies]\nweighting = "given"', None),
        ("[[costs.regulatory_fees]]\nsince = 2020-01-01\nsec_rate = -1", None),
        ("limits = 3", None),
    ],
)
def test_a_value_that_cannot_be_used_is_named_with_its_place_and_a_remedy(tmp_path, text, line):
    found = complaint(tmp_path, text)
    assert found == line if line is not None else "greenlight.toml line" in found


def test_text_that_is_not_toml_is_said_to_be_so(tmp_path):
    assert "not valid TOML" in complaint(tmp_path, "[limits\n")
    (tmp_path / "greenlight.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="not UTF-8"):
        load(tmp_path / "greenlight.toml")


def test_a_mistake_in_the_environment_or_the_options_names_the_variable():
    with pytest.raises(UserError, match=r"environment GREENLIGHT__LIMITS__STPO; did you mean stop"):
        load(Path("/dev/null"), {"GREENLIGHT__LIMITS__STPO": "1"})
    with pytest.raises(UserError, match=r"\[account\] cash on the command line: .*greater than 0"):
        load(Path("/dev/null"), {}, {"account.cash": "-1"})
    with pytest.raises(UserError, match="lies inside a plain value"):
        load(Path("/dev/null"), {"GREENLIGHT__LIMITS__STOP": "1"}, {"limits.stop.x": "1"})


def test_text_becomes_what_the_field_wants():
    config = load(
        Path("/dev/null"),
        {
            "GREENLIGHT__DATA__SYMBOLS": '["AAPL", "BTC/USD"]',
            "GREENLIGHT__LIMITS__LONG_ONLY": "false",
        },
        {
            "data.start": "2020-01-02",
            "limits.cooloff": "90m",
            "limits.daily_loss_money": "250.5",
            "strategies.parameters.cross.fast": "12",
            "strategies.parameters.cross.banks": "true",
        },
    ).config
    assert config.data.symbols == ("AAPL", "BTC/USD")
    assert config.data.start == date(2020, 1, 2)
    assert config.limits.long_only is False
    assert config.limits.cooloff == timedelta(minutes=90)
    assert config.limits.daily_loss_money == Decimal("250.5")
    assert config.strategies.parameters["cross"] == {"fast": 12, "banks": True}
    with pytest.raises(UserError, match="no list or table"):
        load(Path("/dev/null"), {}, {"data.symbols": "[AAPL]"})


def test_a_table_of_costs_keeps_the_defaults_it_does_not_name(tmp_path):
    costs = load(written(tmp_path, "[costs.crypto]\nslippage_bps = 9\n")).config.costs
    assert (costs.crypto.slippage_bps, costs.crypto.fee_bps, costs.equity.slippage_bps) == (
        9,
        25,
        2,
    )


def test_assignments_need_a_section_and_a_value():
    assert parse_assignments(["limits.stop = 0.03"]) == {"limits.stop": "0.03"}
    for wrong in ("stop=1", "limits.stop"):
        with pytest.raises(UserError, match=r"write section\.key=value"):
            parse_assignments([wrong])


def test_nothing_in_a_configuration_can_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        Config().limits.stop = 0.5


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=4000)))
def test_a_duration_is_written_as_it_is_read(duration):
    assert parse_duration(format_duration(duration)) == duration


def test_each_days_regulatory_fees_are_those_of_both_schedules():
    merged = regulatory_fees()
    assert [row[0] for row in merged] == sorted({row[0] for row in merged})
    on = {since: rest for since, *rest in merged}
    assert on[date(2004, 11, 1)] == [pytest.approx(23.40e-6), 0.000075, 3.75]
    assert on[date(2025, 5, 14)] == [0.0, 0.000166, 8.30]
    assert merged[-1] == (date(2026, 4, 4), pytest.approx(20.60e-6), 0.000195, 9.79)
    assert len(merged) == len(SEC_FEES) + len(TAF_FEES) - 1
