"""Strategies that cheat, as a user might write them, knowingly or not."""

HEAD = """
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view as windows
from greenlight.signals import strategy

def average(x, n):
    out = np.full(len(x), x[0])
    out[n - 1:] = windows(x, n).mean(axis=1)
    return out

def honest(view):
    return 0.4 * np.sign(view.close - average(view.close, 20))

def weekday(view):
    return (view.session + 3) % 7

"""

#: name: (body of the strategy or whole source, words the finding must bear)
PLAIN = {
    "centred_window": """
    out = np.zeros(view.count)
    out[5:-5] = windows(view.close, 11).mean(axis=1)
    return 0.5 * np.sign(view.close - np.where(out == 0, view.close, out))
""",
    "future_fill": """
    known = np.where(weekday(view) == 4, view.close, np.nan)
    for k in range(view.count - 2, -1, -1):
        known[k] = known[k + 1] if np.isnan(known[k]) else known[k]
    return np.nan_to_num(0.5 * np.sign(known - view.close))
""",
    "whole_series_scaling": """
    z = (view.close - view.close.mean()) / view.close.std()
    return np.clip(-z / 4, -1, 1)
""",
    "weekly_close_on_monday": """
    week = (view.session + 3) // 7
    last = np.searchsorted(week, week, side="right") - 1
    return 0.5 * np.sign(view.close[last] - view.close)
""",
    "off_by_one": """
    return np.append(0.7 * np.sign(np.diff(view.close)), 0.0)
""",
    "roll": """
    return 0.7 * np.sign(np.roll(view.close, -1) / view.close - 1)
""",
    "last_close": """
    return 0.5 * np.sign(view.close[-1] - view.close)
""",
    "global_range": """
    span = view.close.max() - view.close.min()
    return 1 - 2 * (view.close - view.close.min()) / span
""",
    "number_of_bars": """
    return np.linspace(0, 1, view.count)
""",
    "last_volume": """
    return np.where(view.volume > np.median(view.volume), 0.6, 0.0)
""",
    "hidden_memory": """
    whole = view.close.base
    here = len(whole) - view.count
    ahead = np.append(whole, whole[-1])[here + 1 : here + 1 + view.count]
    return 0.6 * np.sign(ahead - view.close)
""",
    "fact_before_it_was_known": """
    known = view.background.facts.series.get("fundamentals." + view.symbol)
    if known is None:
        return np.zeros(view.count)
    at = np.searchsorted(known.event_time, view.close_ts, side="right") - 1
    return np.where(at < 0, 0.0, 0.5 * np.sign(known.value[at]))
""",
    "index_of_tomorrow": """
    times, level = view.background.indices["SP500"]
    at = np.minimum(np.searchsorted(times, view.close_ts, side="right"), len(level) - 1)
    return 0.5 * np.sign(level[at] - view.index("SP500"))
""",
    "sector_it_will_have": """
    return np.where(view.background.sectors[-1][1] == "Utilities", 0.5, -0.5) * np.ones(view.count)
""",
}

#: Cheats that act on few bars and vote like an honest strategy on all others.
RARE = {
    "only_before_crashes": """
    out = honest(view)
    crash = np.append(view.close[1:] / view.close[:-1] - 1, 0) < -0.05
    out[crash] = -0.9
    return out
""",
    "only_on_first_fridays": """
    out = honest(view)
    ahead = np.append(view.close[5:], np.full(5, view.close[-1]))
    chosen = (weekday(view) == 4) & (view.session % 30 < 7)
    out[chosen] = (0.8 * np.sign(ahead - view.close))[chosen]
    return out
""",
    "only_in_two_months": """
    out = honest(view)
    chosen = (view.session > 14_610 + 500) & (view.session < 14_610 + 560)
    ahead = np.append(view.close[1:], view.close[-1])
    out[chosen] = (0.5 * np.sign(ahead - view.close))[chosen]
    return out
""",
    "keeps_still_before_losses": """
    out = honest(view)
    ahead = np.append(view.close[3:], np.full(3, view.close[-1])) / view.close - 1
    out[out * ahead < -0.03] = 0.0
    return out
""",
    "only_long_histories": """
    if view.count < 400:
        return honest(view)
    return np.append(0.7 * np.sign(np.diff(view.close)), 0.0)
""",
}

#: Whole sources: these keep something between calls, or reach for more than the view.
STATE = {
    "remembers_the_longest_view": """
seen = {}

@strategy(lookback=40)
def cheat(view):
    if view.symbol not in seen or len(seen[view.symbol]) < view.count:
        seen[view.symbol] = np.array(view.close)
    whole = seen[view.symbol]
    start = int(np.flatnonzero(whole == view.close[0])[0])
    ahead = np.append(whole, whole[-1])[start + 1 : start + 1 + view.count]
    return 0.6 * np.sign(ahead - view.close)
""",
    "remembers_by_date": """
later = {}

@strategy(lookback=40)
def cheat(view):
    for ts, close in zip(view.close_ts.tolist(), view.close.tolist()):
        later[view.symbol, ts] = close
    step = int(view.close_ts[1] - view.close_ts[0])
    ahead = [later.get((view.symbol, ts + step), np.nan) for ts in view.close_ts.tolist()]
    return np.nan_to_num(0.6 * np.sign(np.array(ahead) - view.close))
""",
    "counts_its_calls": """
calls = [0]

@strategy(lookback=40)
def cheat(view):
    calls[0] += 1
    return np.full(view.count, 0.5 if calls[0] % 2 else -0.5)
""",
    "draws_lots": """
@strategy(lookback=40)
def cheat(view):
    return np.random.default_rng().uniform(-1, 1, view.count)
""",
    "reads_the_clock": """
import time

@strategy(lookback=40)
def cheat(view):
    today = int(time.time() * 1e9)
    return np.where(view.close_ts < today, 0.5, 0.0)
""",
}


def source(name: str) -> str:
    """Text of a cheat's file."""
    if name in STATE:
        return HEAD + STATE[name]
    body = {**PLAIN, **RARE}[name]
    return f"{HEAD}@strategy(lookback=40)\ndef cheat(view):{body}"
