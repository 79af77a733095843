"""greenlight exchange: what can be asked of it, and what it charges."""

import subprocess
import sys

import httpx
import pytest

from greenlight.brokers.exchange import CRYPTO_TARIFF, EQUITY_TARIFF
from greenlight.cli.exchange import _settings
from greenlight.config import Config


def test_it_serves_until_it_is_stopped():
    command = [sys.executable, "-m", "greenlight", "exchange", "--sample", "--symbols", "AAPL"]
    command += ["--start", "2020-03-02", "--port", "0", "--speed", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            url = process.stdout.readline().split()[0]
            keys = {"APCA-API-KEY-ID": "k", "APCA-API-SECRET-KEY": "s"}
            with httpx.Client(base_url=url, headers=keys) as client:
                clock = client.get("/v2/clock").json()
                moved = client.post("/_exchange/advance", json={"seconds": 90}).json()
                record = client.get("/_exchange/record").json()
        finally:
            process.terminate()
    assert clock["timestamp"] == "2020-03-02T09:30:00-05:00"
    assert moved == {"now": "2020-03-02T14:31:30Z"}
    assert [line["path"] for line in record["requests"]] == ["/v2/clock"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--start", "soon"], "neither a day nor a time"),
        (["--start", "1950-01-03"], "lies outside the stored bars"),
        (["--speed", "-1"], "goes backwards"),
        (["--symbols", "XYZ"], "unknown symbol XYZ"),
        (["--faults", "none.toml"], "none.toml"),
    ],
)
def test_mistakes_are_told_in_one_line(options, words, capsys):
    from greenlight.cli import main

    assert main(["exchange", "--sample", "--port", "0", *options]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


def test_costs_are_those_of_the_configuration():
    options = {"multiplier": "2", "delay": 0.5}
    settings = _settings(Config(), options)
    assert settings.equity.half_spread == EQUITY_TARIFF.half_spread
    assert settings.equity.slippage == EQUITY_TARIFF.slippage
    assert settings.crypto == CRYPTO_TARIFF
    assert settings.equity.sale_fees[-1].taf_rate > 0
    assert settings.delay_ns == 500_000_000
