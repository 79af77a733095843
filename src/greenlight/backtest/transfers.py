"""Round trips of a run, with units that came by a merger or spin-off at what they were worth.

Without that a takeover would look like a total loss followed by a gift. The old symbol's trip is
credited, and the new one's charged, with the market value of the units that came.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from greenlight.analytics import RoundTrips, round_trips
from greenlight.domain import Happening
from greenlight.engine import Run
from greenlight.scoring import Assembled

_GIVEN = (int(Happening.STOCK_MERGER), int(Happening.SPIN_OFF))


def trips_of(assembled: Assembled, run: Run) -> RoundTrips:
    """Round trips of a run; what is still open is valued at its last mark."""
    moved = run.adjustments
    worth = np.zeros(len(moved))
    credited = []
    for place in np.flatnonzero(np.isin(moved["kind"], _GIVEN)).tolist():
        one = moved[place]
        if _is_departure(one):
            continue
        value = float((one["after"] - one["before"]) * _price(assembled, one))
        source = _source(assembled, moved, place)
        if source < 0 or value == 0.0:
            continue
        worth[place] = value
        credited.append((one["row"], one["ts"], source, value))
    flows = _with_credits(run.flows, credited)
    return round_trips(run.fills, moved, flows, run.mark, worth)


def _is_departure(one: np.void) -> bool:
    return bool(one["after"] == 0.0 and one["kind"] == Happening.STOCK_MERGER)


def _price(assembled: Assembled, one: np.void) -> float:
    """Raw close of the symbol in that row, or its first after it; 0 where there is none."""
    for seen in assembled.seen:
        if seen.symbol == one["symbol"]:
            at = int(np.searchsorted(assembled.rows_of(seen), one["row"]))
            return float(assembled.tape.close[seen.cells[at]]) if at < len(seen.cells) else 0.0
    return 0.0


def _source(assembled: Assembled, moved: NDArray[Any], place: int) -> int:
    """The symbol the units came from; -1 where it cannot be told."""
    one, due = moved[place], assembled.surroundings.happenings
    if due is None:
        return -1
    gave = (due.row == one["row"]) & (due.kind == one["kind"]) & (due.a == one["symbol"])
    givers = due.symbol[gave]
    return int(givers[0]) if len(givers) > 0 else -1


def _with_credits(flows: NDArray[Any], credited: list[tuple[int, int, int, float]]) -> NDArray[Any]:
    extra = np.zeros(len(credited), dtype=flows.dtype)
    for place, (row, ts, symbol, amount) in enumerate(credited):
        extra[place]["row"], extra[place]["ts"] = row, ts
        extra[place]["symbol"], extra[place]["amount"] = symbol, amount
    return np.concatenate([flows, extra])
