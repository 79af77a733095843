"""By month, year and label: what has no position is shown and stays out of the averages."""

from datetime import date

import numpy as np
import pytest

from greenlight import analytics as an

EPOCH = date(1970, 1, 1)


def days(*dates):
    return np.array([(date.fromisoformat(d) - EPOCH).days for d in dates])


def test_months_compound_and_keep_those_without_a_position():
    session = days("2019-12-30", "2019-12-31", "2020-01-02", "2020-02-03", "2020-02-04")
    returns = np.array([0.1, 0.1, 0.0, -0.5, 0.5])
    held = np.array([True, True, False, False, True])
    months = an.by_month(returns, session, held)
    assert [(m.year, m.month, m.sessions, m.is_held) for m in months] == [
        (2019, 12, 2, True),
        (2020, 1, 1, False),
        (2020, 2, 2, True),
    ]
    assert [m.total for m in months] == pytest.approx([0.21, 0.0, -0.25])
    years = an.by_year(returns, session, held)
    assert [(y.year, y.month) for y in years] == [(2019, 0), (2020, 0)]
    assert years[1].total == pytest.approx(-0.25)


def test_an_average_leaves_out_months_without_a_position():
    months = [
        an.PeriodReturn(2020, 1, 0.02, 20, is_held=True),
        an.PeriodReturn(2020, 2, 0.001, 20, is_held=False),
        an.PeriodReturn(2020, 3, -0.01, 20, is_held=True),
    ]
    measured = an.average(months)
    assert (measured.count, measured.without_position) == (2, 1)
    assert measured.mean == pytest.approx(0.005)
    assert (measured.share_positive, measured.best, measured.worst) == (0.5, 0.02, -0.01)
    assert an.average(months[1:2]).count == 0


def trips(net, notional, is_open=()):
    count = len(net)
    whole = np.zeros(count, dtype=np.int64)
    opened = np.isin(np.arange(count), is_open)
    values = np.array(net, dtype=float), np.array(notional, dtype=float)
    return an.RoundTrips(
        whole, whole + 1, whole, whole, whole, whole, values[1], values[0] * 0, values[0], opened
    )


def test_trades_by_sector_leave_open_ones_out():
    groups = an.trades_by(trips([10, -5, 7, 99], [100] * 4, is_open=[3]), ["a", "b", "a", "a"])
    assert [(g.label, g.count, g.net) for g in groups] == [("a", 2, 17), ("b", 1, -5)]
    assert groups[0].win_rate == 1.0
    assert groups[0].expectancy == pytest.approx(0.085)


def test_shared_trades_add_up_to_the_whole():
    three = trips([10, -4, 6], [100, 100, 100])
    shares = {"x": np.array([0.25, 1.0, 0.0]), "y": np.array([0.75, 0.0, 1.0]), "z": np.zeros(3)}
    groups = an.shared_trades(three, shares)
    assert {g.label for g in groups} == {"x", "y"}
    assert sum(g.net for g in groups) == pytest.approx(12)
    assert sum(g.count for g in groups) == pytest.approx(3)


def test_returns_by_regime():
    returns = np.array([0.01, -0.02, 0.03, 0.01])
    groups = an.returns_by(returns, returns, ["up", "down", "up", "up"], 252.0)
    assert [(g.label, g.sessions) for g in groups] == [("up", 3), ("down", 1)]
    assert groups[0].total == pytest.approx(1.01 * 1.03 * 1.01 - 1)
    assert groups[0].sharpe_ann == pytest.approx(
        np.mean([0.01, 0.03, 0.01]) / np.std([0.01, 0.03, 0.01], ddof=1) * np.sqrt(252)
    )
