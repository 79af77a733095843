"""The audit catches every known way to see the future, and says where."""

import importlib

import numpy as np
import pytest
from audit_cheats import PLAIN, RARE, STATE, source

from greenlight.backtest.audit import audit
from greenlight.backtest.audit_replay import Fault, severed
from greenlight.forecast import ensemble
from greenlight.indicators import ema, regimes, sma
from greenlight.signals import load_strategy, strategy
from signals.small_world import views_of, world

WORLD = world(11, symbols=4, bars=700)


@pytest.fixture
def cheat(tmp_path):
    def load(name):
        path = tmp_path / f"{name}.py"
        path.write_text(source(name))
        return load_strategy(path)

    return load


@pytest.mark.parametrize("name", PLAIN)
def test_a_sample_catches_what_looks_ahead_everywhere(cheat, name):
    report = audit(WORLD, [cheat(name)])
    caught = [found for found in report.findings if found.fault is Fault.LOOK_AHEAD]
    assert caught
    for found in caught:
        assert found.strategy == "cheat"
        assert found.symbol in WORLD.symbols
        assert found.series
        assert abs(found.old - found.new) > 1e-6


@pytest.mark.parametrize("name", RARE)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_sample_catches_what_looks_ahead_on_few_bars(cheat, name, seed):
    report = audit(WORLD, [cheat(name)], seed=seed)
    assert Fault.LOOK_AHEAD in {found.fault for found in report.findings}


@pytest.mark.parametrize("name", STATE)
def test_a_sample_catches_what_is_not_a_function_of_the_view(cheat, name):
    report = audit(WORLD, [cheat(name)])
    assert not report.is_clean
    expected = {
        "remembers_the_longest_view": {Fault.LOOK_AHEAD},
        "remembers_by_date": {Fault.LOOK_AHEAD},
        "counts_its_calls": {Fault.NOT_REPEATABLE},
        "draws_lots": {Fault.NOT_REPEATABLE, Fault.IMPURE},
        "reads_the_clock": {Fault.IMPURE},
    }[name]
    assert expected <= {found.fault for found in report.findings}


@pytest.mark.parametrize(
    ("name", "series"),
    [
        ("off_by_one", "close"),
        ("last_volume", "volume"),
        ("fact_before_it_was_known", "facts"),
        ("index_of_tomorrow", "indices"),
        ("sector_it_will_have", "sectors"),
        ("number_of_bars", "the number of bars, or what it remembers"),
    ],
)
def test_the_series_that_is_read_ahead_is_named(cheat, name, series):
    (found, *_) = audit(WORLD, [cheat(name)]).findings
    assert found.series == series


def test_a_finding_says_where_and_what_in_one_line(cheat):
    voice = cheat("off_by_one")
    (found, *_) = audit(WORLD, [voice]).findings
    view = next(v for v in views_of(WORLD) if v.symbol == found.symbol)
    assert found.ts == view.close_ts[found.bar]
    assert found.old == voice.votes(view)[found.bar]
    assert found.new == voice.votes(view.until(found.bar + 1))[found.bar]
    day = np.datetime64(found.ts, "ns").astype("datetime64[m]").item()
    assert str(found) == (
        f"cheat looks ahead: {found.symbol}, bar {found.bar}, closed {day:%Y-%m-%d %H:%M} UTC: "
        f"{found.old:.6g} in the full run, 0 without what came after, "
        "which it reads ahead of time: close"
    )


def test_the_whole_audit_finds_one_bar_among_thousands(tmp_path):
    path = tmp_path / "once.py"
    path.write_text(
        "import numpy as np\n"
        "from greenlight.signals import strategy\n"
        "@strategy(lookback=2)\n"
        "def once(view):\n"
        "    out = np.sign(np.diff(view.close, prepend=view.close[0])) / 2\n"
        "    here = (view.session == 14_610 + 333) & (view.symbol == 'A1')\n"
        "    ahead = np.append(view.close[1:], view.close[-1])\n"
        "    out[here] = 0.4 * np.sign(ahead - view.close)[here]\n"
        "    return out\n"
    )
    history = world(12, symbols=2, bars=500)
    report = audit(history, [load_strategy(path)], sample=None)
    assert report.is_whole
    (found,) = report.findings
    assert (found.fault, found.symbol, found.bar) == (Fault.LOOK_AHEAD, "A1", 333)


def test_a_look_back_that_is_too_short_is_found_and_told_from_looking_ahead():
    @strategy(lookback=30)
    def forgetful(view):
        return np.clip((view.close / ema(view.close, 20) - 1) * 20, -1, 1)

    @strategy(lookback=10)
    def unready(view):
        return 0.5 * np.sign(view.close - sma(view.close, 12))

    @strategy(lookback=50)
    def cumulative(view):
        return np.sin(np.cumsum(view.volume) / 1e6)

    @strategy(lookback=300)
    def patient(view):
        return np.clip((view.close / ema(view.close, 20) - 1) * 20, -1, 1)

    report = audit(WORLD, [forgetful, cumulative, patient])
    assert {found.fault for found in report.findings} == {Fault.LOOK_BACK}
    assert {found.strategy for found in report.findings} == {"forgetful", "cumulative"}
    (found, *_) = report.findings
    assert "on its look-back alone" in str(found)
    (found, *_) = audit(WORLD, [unready]).findings
    assert found.fault is Fault.FAILED
    assert "is NaN after its look-back of 10 bars" in found.detail


def test_a_look_back_that_only_fails_on_short_views_is_found():
    @strategy(lookback=30)
    def needs_more(view):
        return 0.5 * np.sign(view.close - sma(view.close, 40 if view.count < 100 else 20))

    findings = audit(WORLD, [needs_more]).findings
    assert Fault.LOOK_BACK in {found.fault for found in findings}
    assert any("is NaN after its look-back of 30 bars" in str(found) for found in findings)


def test_a_strategy_that_raises_is_a_finding_not_an_end():
    @strategy(lookback=30)
    def broken(view):
        if view.symbol == "A2":
            raise ValueError("no such luck")
        return np.zeros(view.count)

    (found,) = audit(WORLD, [broken]).findings
    assert (found.fault, found.symbol) == (Fault.FAILED, "A2")
    assert str(found).startswith("broken fails: A2: test_audit.py:")
    assert str(found).endswith("ValueError: no such luck")


def test_a_tuned_strategy_is_audited_as_tuned(tmp_path):
    path = tmp_path / "shifty.py"
    path.write_text(
        "import numpy as np\n"
        "from greenlight.signals import Integer, strategy\n"
        "@strategy(lookback=6, ahead=Integer(0, 0, 5))\n"
        "def shifty(view, ahead):\n"
        "    return 0.5 * np.sign(np.roll(view.close, -ahead) - np.roll(view.close, 5))\n"
    )
    voice = load_strategy(path)
    assert audit(WORLD, [voice]).is_clean
    assert not audit(WORLD, [voice.tuned({"ahead": 2})]).is_clean


def test_a_strategy_without_bars_enough_is_called_idle_not_clean():
    @strategy(lookback=5000)
    def patient(view):
        return np.zeros(view.count)

    report = audit(WORLD, [patient])
    assert report.idle == ("patient",)
    assert report.replays == 0


def test_scores_and_regimes_that_look_ahead_are_found(monkeypatch):
    @strategy(lookback=30)
    def plain(view):
        return np.clip(view.close / sma(view.close, 30) - 1, -1, 1)

    def scaled(votes, _):
        return ensemble(votes / np.abs(votes).max(initial=0.01), np.ones(len(votes)))

    def weighted_by_hindsight(votes, close):
        hindsight = (votes[0, :-1] * np.diff(close, axis=0)).sum()
        return ensemble(votes, np.ones(len(votes))) + np.float32(np.tanh(hindsight))

    for score in (scaled, weighted_by_hindsight):
        (found, *_) = audit(WORLD, [plain], score=score).findings
        assert (found.strategy, found.fault) == ("score", Fault.LOOK_AHEAD)
        assert found.symbol in WORLD.symbols
    audit_room = importlib.import_module("greenlight.backtest.audit")
    monkeypatch.setattr(audit_room, "regimes", lambda close: np.roll(regimes(close), -3))
    monkeypatch.setattr(
        audit_room, "market_regimes", lambda close: regimes(close.mean(axis=1)[::-1])[::-1]
    )
    names = {found.strategy for found in audit(WORLD, [plain]).findings}
    assert names == {"regime", "market regime"}


def test_a_severed_view_holds_no_later_bar_even_in_memory():
    view = views_of(WORLD)[0]
    cut = severed(view, 300, 50)
    assert cut.count == 50
    np.testing.assert_array_equal(cut.close, view.close[250:300])
    arrays = [cut.open_ts, cut.close_ts, cut.session, cut.close, cut.volume]
    arrays += [array for pair in cut.background.indices.values() for array in pair]
    arrays += [one.value for one in cut.background.facts.series.values()]
    for array in arrays:
        owner = array if array.base is None else array.base
        assert len(owner) == len(array)
        assert array is cut.volume or not np.isnan(array).any()


def test_the_same_seed_asks_the_same_questions(cheat):
    voice = cheat("only_on_first_fridays")
    first, again = (audit(WORLD, [voice], seed=5) for _ in range(2))
    assert first.findings == again.findings
    assert first.replays == again.replays


def test_a_large_universe_is_sampled_and_a_small_one_whole():
    @strategy(lookback=5)
    def quiet(view):
        return np.zeros(view.count)

    large = world(13, symbols=30, bars=60)
    assert audit(large, [quiet]).symbols == 24
    assert audit(large, [quiet], sample=None).symbols == 30


def test_progress_is_told_up_to_the_whole():
    told = []
    voice = load_strategy("macro_trend")
    audit(WORLD, [voice], sample=None, on_progress=lambda *words: told.append(words))
    shares = [share for name, share in told if name == "macro_trend"]
    assert shares == sorted(shares)
    assert len(shares) > 5
    assert (shares[0], shares[-1]) == (0.0, 1.0)
