"""The port of the providers: requests, pages, patience, and providers by name."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from greenlight.domain import AssetClass, RetryError, Timeframe, UserError
from greenlight.market.bars import Adjustment
from greenlight.market.providers import (
    PROVIDERS,
    BarRequest,
    Patience,
    ProviderSettings,
    provider,
)
from greenlight.market.providers.port import NS_DAY, page_of
from greenlight.market.providers.retrying import BusyError, retry_after

# alpaca-py imports a part of websockets that is to go; pyproject turns warnings into errors
pytestmark = pytest.mark.filterwarnings("ignore:websockets.legacy is deprecated")

MINUTE = 60_000_000_000


def request(timeframe: Timeframe, start: int, end: int) -> BarRequest:
    return BarRequest("A", AssetClass.EQUITY, timeframe, start, end)


def test_a_page_holds_only_bars_that_lie_whole_in_the_request_in_order_and_once() -> None:
    ts = np.array([5, 3, 2, 4, 4, 6], dtype=np.int64) * MINUTE
    columns = [[float(n) for n in range(6)]] * 5
    page = page_of(request(Timeframe.M1, 3 * MINUTE, 6 * MINUTE), ts, columns)
    assert (page.ts // MINUTE).tolist() == [3, 4, 5]
    assert page.close.tolist() == [1.0, 3.0, 0.0]  # of the two at 4 the first


def test_bars_without_a_price_are_left_out_and_a_missing_volume_stays_unknown() -> None:
    ts = np.array([0, 1], dtype=np.int64) * MINUTE
    page = page_of(
        request(Timeframe.M1, 0, 2 * MINUTE),
        ts,
        [[None, 1.0], [None, 2.0], [None, 1.0], [None, "1.5"], [0, None]],
    )
    assert page.ts.tolist() == [MINUTE]
    assert page.close.tolist() == [1.5]
    assert np.isnan(page.volume).all()


def test_daily_bars_are_stamped_with_their_date_and_a_begun_day_is_left_out() -> None:
    opens = (np.array([0, 1, 2], dtype=np.int64) * 24 + 14) * 60 * MINUTE
    wanted = request(Timeframe.D1, 5 * MINUTE, 2 * NS_DAY + 20 * 60 * MINUTE)
    page = page_of(wanted, opens, [[1.0, 2.0, 3.0]] * 5)
    assert page.ts.tolist() == [0, NS_DAY]


def test_a_request_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(UserError, match="A: the end of the wanted bars is not after their start"):
        request(Timeframe.M1, 5, 5)


def test_waiting_doubles_and_ends_with_the_last_failure_named() -> None:
    naps: list[float] = []
    calls: list[int] = []

    def fail() -> None:
        calls.append(1)
        raise RetryError("yahoo: HTTP 503")

    with pytest.raises(RetryError, match="yahoo: HTTP 503; gave up after 4 attempts"):
        Patience(sleep=naps.append).call(fail)
    assert naps == [1.0, 2.0, 4.0]
    assert len(calls) == 4


def test_what_the_other_side_asks_for_is_waited_and_no_more_than_is_sensible() -> None:
    naps: list[float] = []
    left = [7.0, 0.0]

    def busy() -> str:
        if left:
            raise BusyError("busy", left.pop(0))
        return "done"

    assert Patience(sleep=naps.append).call(busy) == "done"
    assert naps == [7.0, 0.0]
    left.append(3_600.0)
    with pytest.raises(RetryError, match="busy; it asks to wait 3600 s"):
        Patience(sleep=naps.append).call(busy)
    assert naps == [7.0, 0.0]


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        (None, None),
        ("3", 3.0),
        ("-1", 0.0),
        ("soon", None),
        ("Wed, 21 Oct 2015 07:28:30 GMT", 30.0),
        ("Wed, 21 Oct 2015 07:27:00 GMT", 0.0),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(value: str | None, wait: float | None) -> None:
    assert retry_after(value, "Wed, 21 Oct 2015 07:28:00 GMT") == wait


def test_a_date_without_an_own_date_to_count_from_says_nothing() -> None:
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT", None) is None


def test_an_unknown_provider_is_answered_with_the_nearest() -> None:
    with pytest.raises(UserError, match="unknown provider yaho: did you mean yahoo"):
        provider("yaho", ProviderSettings())


@pytest.mark.parametrize("name", PROVIDERS)
def test_every_provider_says_what_it_has_and_refuses_the_rest_in_one_line(name: str) -> None:
    source = provider(name, ProviderSettings(exchange="bitstamp"))
    assert source.name == name
    assert source.capabilities.is_live == (name in ("alpaca", "ccxt", "polygon"))
    for asset_class in AssetClass:
        offered = source.capabilities.timeframes.get(asset_class, ())
        for timeframe in Timeframe:
            wanted = BarRequest("A", asset_class, timeframe, 0, NS_DAY)
            if timeframe in offered:
                source.capabilities.require(name, wanted)
            else:
                with pytest.raises(UserError, match=f"{name} has no") as caught:
                    next(source.fetch(wanted))
                assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("name", "package"), [("alpaca", "alpaca"), ("ccxt", "ccxt")])
def test_a_missing_package_is_named_with_the_extra_that_brings_it(
    name: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, f"greenlight.market.providers.{name}", raising=False)
    for module in [m for m in sys.modules if m == package or m.startswith(f"{package}.")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(UserError, match=rf"pip install 'greenlight\[{name}\]'"):
        provider(name, ProviderSettings(exchange="bitstamp"))


def test_the_registry_brings_no_provider_s_library_before_it_is_asked_for() -> None:
    code = (
        "import sys, greenlight.market.providers\n"
        "heavy = {'httpx', 'alpaca', 'ccxt', 'pandas', 'requests'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_settings_never_show_a_key() -> None:
    settings = ProviderSettings(environment={"POLYGON_API_KEY": "s3cret"})
    assert "s3cret" not in repr(settings)
    assert settings.key("polygon", "POLYGON_API_KEY") == "s3cret"
    with pytest.raises(UserError, match="alpaca needs a key: set APCA_API_KEY_ID or ALPACA_KEY_ID"):
        settings.key("alpaca", "APCA_API_KEY_ID", "ALPACA_KEY_ID")


BARS = """ts,symbol,open,high,low,close,volume
2020-01-02,A,1,2,0.5,1.5,100
2020-01-02,B,10,20,5,15,100
2020-01-03,A,2,3,1.5,2.5,200
"""


def test_files_answers_from_a_file_or_a_folder(tmp_path: Path) -> None:
    (tmp_path / "bars.csv").write_text(BARS)
    day = int(np.datetime64("2020-01-02", "D").astype(np.int64)) * NS_DAY
    wanted = request(Timeframe.D1, day, day + 2 * NS_DAY)
    for path in (tmp_path, tmp_path / "bars.csv"):
        settings = ProviderSettings(path=str(path), adjustment=Adjustment.SPLIT)
        source = provider("files", settings)
        (page,) = source.fetch(wanted)
        assert page.close.tolist() == [1.5, 2.5]
        assert page.ts.tolist() == [day, day + NS_DAY]
        assert source.capabilities.adjustment is Adjustment.SPLIT


def test_files_says_when_there_is_no_path_or_no_file(tmp_path: Path) -> None:
    wanted = request(Timeframe.D1, 0, NS_DAY)
    with pytest.raises(UserError, match="files needs a path"):
        next(provider("files", ProviderSettings()).fetch(wanted))
    with pytest.raises(UserError, match="has no"):
        next(provider("files", ProviderSettings(path=str(tmp_path))).fetch(wanted))
