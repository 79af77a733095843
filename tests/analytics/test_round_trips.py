"""Round trips by hand, and as properties of random trading."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenlight import analytics as an

FILL = [("row", "i8"), ("ts", "i8"), ("symbol", "i8"), ("side", "i8")]
FILL += [(name, "f8") for name in ("quantity", "price", "fee")]
CHANGE = [("row", "i8"), ("ts", "i8"), ("symbol", "i8"), ("before", "f8"), ("after", "f8")]
FLOW = [("row", "i8"), ("ts", "i8"), ("symbol", "i8"), ("amount", "f8")]
DAY = 86_400_000_000_000


def fills(*rows):
    full = [(r, r * DAY, s, side, q, p, f) for r, s, side, q, p, f in rows]
    return np.array(full, dtype=FILL)


def changes(*rows):
    return np.array([(r, r * DAY, s, b, a) for r, s, b, a in rows], dtype=CHANGE)


def flows(*rows):
    return np.array([(r, r * DAY, s, a) for r, s, a in rows], dtype=FLOW)


def trips_of(bought, changed=None, moved=None, marks=(100.0, 100.0)):
    none = changes() if changed is None else changed
    return an.round_trips(bought, none, flows() if moved is None else moved, np.array(marks))


def test_a_long_trip_in_two_steps_pays_its_fees():
    trips = trips_of(
        fills((1, 0, 1, 10, 10.0, 1.0), (2, 0, 1, 10, 12.0, 1.0), (5, 0, -1, 20, 13.0, 2.0))
    )
    assert len(trips.net) == 1
    assert trips.net[0] == pytest.approx(260 - 220 - 4)
    assert trips.returns[0] == pytest.approx(36 / 220)
    assert (trips.side[0], trips.first[0], trips.last[0], trips.fees[0]) == (1, 0, 2, 4.0)
    assert trips.closed_ts[0] - trips.opened_ts[0] == 4 * DAY


def test_a_short_trip_wins_when_the_price_falls():
    trips = trips_of(fills((1, 0, -1, 10, 10.0, 0.0), (2, 0, 1, 10, 8.0, 0.0)))
    assert (trips.side[0], trips.net[0], trips.entry_notional[0]) == (-1, 20.0, 100.0)


def test_symbols_do_not_mix_and_trips_stand_in_order_of_their_start():
    trips = trips_of(
        fills(
            (1, 1, 1, 5, 10.0, 0.0),
            (2, 0, 1, 7, 20.0, 0.0),
            (3, 1, -1, 5, 11.0, 0.0),
            (4, 0, -1, 7, 19.0, 0.0),
            (5, 1, 1, 5, 12.0, 0.0),
            (6, 1, -1, 5, 13.0, 0.0),
        )
    )
    assert trips.symbol.tolist() == [1, 0, 1]
    assert trips.net == pytest.approx([5.0, -7.0, 5.0])


def test_an_open_trip_is_valued_at_its_mark_and_only_counted():
    trips = trips_of(fills((1, 0, 1, 10, 10.0, 1.0)), marks=(11.0, 0.0))
    assert trips.is_open.tolist() == [True]
    assert trips.net[0] == pytest.approx(9.0)
    measured = an.trade_statistics(trips)
    assert (measured.count, measured.open_count) == (0, 1)


def test_a_split_changes_quantity_but_not_profit():
    trips = trips_of(
        fills((1, 0, 1, 10, 100.0, 0.0), (5, 0, -1, 40, 26.0, 0.0)), changes((3, 0, 10, 40))
    )
    assert len(trips.net) == 1
    assert trips.net[0] == pytest.approx(40.0)
    assert trips.returns[0] == pytest.approx(0.04)


def test_dividends_and_borrow_belong_to_the_trip_that_held():
    trips = trips_of(
        fills(
            (1, 0, 1, 10, 10.0, 0.0),
            (3, 0, -1, 10, 10.0, 0.0),
            (3, 0, -1, 4, 10.0, 0.0),
            (6, 0, 1, 4, 10.0, 0.0),
        ),
        moved=flows((3, 0, 5.0), (4, 0, -2.0), (4, -1, 99.0)),
    )
    assert trips.net == pytest.approx([5.0, -2.0])


def test_a_delisting_ends_a_trip_with_its_proceeds():
    trips = trips_of(fills((1, 0, 1, 10, 10.0, 0.0)), changes((4, 0, 10, 0)), flows((4, 0, 70.0)))
    assert trips.is_open.tolist() == [False]
    assert (trips.net[0], trips.last[0], trips.closed_ts[0]) == (-30.0, -1, 4 * DAY)


def test_shares_from_a_spin_off_make_a_trip_without_a_price():
    trips = trips_of(fills((6, 1, -1, 5, 8.0, 0.0)), changes((4, 1, 0, 5)))
    assert (trips.net[0], trips.entry_notional[0], trips.first[0]) == (40.0, 0.0, -1)
    assert trips.returns[0] == 0.0


def test_a_fill_through_zero_ends_one_trip_and_begins_another():
    trips = trips_of(
        fills((1, 0, 1, 10, 10.0, 1.0), (2, 0, -1, 30, 11.0, 3.0), (3, 0, 1, 20, 9.0, 1.0))
    )
    assert trips.side.tolist() == [1, -1]
    assert trips.net == pytest.approx([10 - 2, 40 - 3])
    assert trips.entry_notional == pytest.approx([100, 220])


def test_nothing_traded_gives_no_trips():
    assert len(trips_of(fills(), moved=flows((1, 0, 5.0))).net) == 0
    assert an.trade_statistics(trips_of(fills())).count == 0


def test_statistics_by_hand():
    rows = []
    for number, gain in enumerate([0.10, -0.05, 0.20, -0.05]):
        rows.append((2 * number + 1, 0, 1, 10, 10.0, 0.0))
        rows.append((2 * number + 2, 0, -1, 10, 10.0 * (1 + gain), 0.0))
    measured = an.trade_statistics(trips_of(fills(*rows)))
    assert (measured.count, measured.win_rate, measured.win_rate_error) == (4, 0.5, 0.25)
    assert measured.expectancy == pytest.approx(0.05)
    assert measured.expectancy_money == pytest.approx(5.0)
    assert measured.payoff == pytest.approx(0.15 / 0.05)
    assert measured.profit_factor == pytest.approx(3.0)
    assert measured.mean_holding_days == 1.0


@given(
    st.lists(
        st.tuples(
            st.integers(0, 1), st.sampled_from([-1, 1]), st.integers(1, 9), st.integers(5, 15)
        ),
        max_size=40,
    )
)
def test_trips_explain_all_the_money_whatever_was_traded(orders):
    rows = [(n, s, side, float(q), float(p), 0.25) for n, (s, side, q, p) in enumerate(orders)]
    traded = fills(*rows)
    marks = np.array([11.0, 9.0])
    trips = trips_of(traded, marks=marks)
    signed = traded["side"] * traded["quantity"]
    position = np.array([signed[traded["symbol"] == s].sum() for s in (0, 1)])
    wealth = -(signed * traded["price"]).sum() - traded["fee"].sum() + (position * marks).sum()
    assert trips.net.sum() == pytest.approx(wealth, abs=1e-6)
    assert trips.is_open.sum() == np.count_nonzero(position)
    assert (trips.entry_notional > 0.0).all()


def test_units_that_came_at_a_worth_count_as_bought_for_it():
    taken = changes((4, 0, 10, 0), (4, 1, 0, 5))
    credit = flows((4, 0, 120.0))
    trips = an.round_trips(
        fills((1, 0, 1, 10, 10.0, 0.0), (6, 1, -1, 5, 26.0, 0.0)),
        taken,
        credit,
        np.array([0.0, 0.0]),
        np.array([0.0, 120.0]),
    )
    assert trips.net == pytest.approx([20.0, 10.0])
    assert trips.returns == pytest.approx([0.2, 10 / 120])
