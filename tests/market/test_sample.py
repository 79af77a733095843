import subprocess
import sys

import numpy as np
import pytest
from handmade_bars import day, ns

from greenlight.domain import AssetClass, UserError
from greenlight.market import SAMPLES, Adjustment, example_book, sample
from greenlight.market.calendars import sessions


@pytest.fixture(scope="module")
def history():
    return sample()


def known(history, key: str, moment: str) -> float:
    return float(history.facts.as_of(key, np.array([ns(moment)]))[0])


def test_the_sample_is_twenty_large_caps_closes_only_and_says_so(history):
    (block,) = history.blocks
    assert block.close.shape == (8313, 20)
    assert block.closes_only
    assert block.adjustment is Adjustment.TOTAL
    assert history.symbols[:3] == ("AAPL", "AMD", "BAC")
    assert not np.isnan(block.close).any()
    assert history.membership is None
    assert "chosen with hindsight" in history.source
    assert {i.asset_class for i in history.instruments.values()} == {AssetClass.EQUITY}


def test_closes_are_those_of_the_file_on_their_session(history):
    (block,) = history.blocks
    row = int(np.flatnonzero(block.session == day("2022-12-28"))[0])
    assert block.close[row, block.symbols.index("AAPL")] == 125.674
    assert block.close[0, block.symbols.index("XOM")] == 4.068
    all_sessions = sessions("XNYS", day("1990-01-02"), day("2022-12-28"))
    assert np.array_equal(block.session, all_sessions.day)
    assert np.array_equal(block.close_ts, all_sessions.close)


def test_indices_are_references_and_tradable_on_request(history):
    sp500, nasdaq = history.references
    assert (sp500.symbols, sp500.count, sp500.closes_only) == (("SP500",), 8313, True)
    assert (nasdaq.symbols, nasdaq.count, nasdaq.closes_only) == (("NASDAQ",), 5031, False)
    (block,) = sample("sample-indices").blocks
    assert block.symbols == ("SP500", "NASDAQ")
    assert block.adjustment is Adjustment.RAW
    assert block.open[0].tolist() == [1229.22998, 2207.540039]
    assert np.all(block.low <= np.minimum(block.open, block.close))
    assert np.all(block.high >= np.maximum(block.open, block.close))
    same = np.isin(sp500.session, block.session)
    assert sp500.close[same, 0] == pytest.approx(block.close[:, 0], abs=0.01)


def test_the_vix_is_known_from_its_settlement_a_quarter_of_an_hour_after_the_close(history):
    assert known(history, "VIX", "2015-08-24T20:14:59") == 28.03
    assert known(history, "VIX", "2015-08-24T20:15") == 40.74
    assert np.isnan(known(history, "VIX", "2014-01-03T21:00"))
    assert known(history, "VIX", "2014-01-03T21:15") == 13.76
    half_day = known(history, "VIX", "2018-11-23T18:15")
    assert half_day == 21.52


def test_the_bill_rate_is_a_years_and_known_from_the_months_end(history):
    assert known(history, "bill_rate", "2018-10-31T23:59") == pytest.approx(0.15 * 12 / 100)
    assert known(history, "bill_rate", "2018-11-01") == pytest.approx(0.19 * 12 / 100)
    assert known(history, "bill_rate", "2018-12-15") == pytest.approx(0.18 * 12 / 100)
    assert known(history, "bill_rate", "2019-01-01") == 0.0


def test_every_name_has_a_sector_on_every_day(history):
    (block,) = history.blocks
    for symbol in block.symbols:
        assert history.sectors.at(symbol, int(block.session[0])) is not None
    assert history.sectors.at("WMT", day("2003-04-30")) == "Consumer Discretionary"
    assert history.sectors.at("WMT", day("2003-05-01")) == "Consumer Staples"


def test_the_sample_is_the_same_every_time(history):
    assert sample().fingerprint() == history.fingerprint()
    assert sample("sample-indices").fingerprint() != history.fingerprint()


def test_an_unknown_sample_is_refused_with_the_nearest():
    with pytest.raises(UserError, match="unknown sample sample-index: did you mean sample-indices"):
        sample("sample-index")
    assert SAMPLES == ("sample", "sample-indices")


def test_a_missing_package_is_named_with_what_brings_it(monkeypatch):
    monkeypatch.setattr(sys.modules["greenlight.market.sample"], "find_spec", lambda _: None)
    with pytest.raises(UserError, match=r"needs skfolio, .*: pip install 'greenlight\[sample\]'"):
        sample()


def test_reading_the_sample_imports_none_of_the_heavy_packages():
    code = (
        "import sys; from greenlight.market import sample; sample();"
        "print([m for m in ('pandas', 'skfolio', 'arch', 'sklearn', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_example_book_has_38_names_of_all_eleven_sectors():
    book = example_book()
    today = day("2026-11-01")
    assert len(book.symbols) == 38
    assert len({book.sectors.at(symbol, today) for symbol in book.symbols}) == 11
    assert book.sectors.at("META", day("2018-09-21")) == "Information Technology"
    assert book.sectors.at("META", day("2018-09-24")) == "Communication Services"
