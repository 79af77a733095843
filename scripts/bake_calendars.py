"""Bake exchange sessions into the package, so that running Greenlight needs no calendar library.

    .venv/bin/python scripts/bake_calendars.py

Writes src/greenlight/market/baked/XNYS.npz, one row a session: `day` (days since the epoch), `open`
and `close` (minutes after that day's midnight UTC). Run it again with a new exchange-calendars when
an exchange announces a change; the same library version writes the same bytes.
"""

from pathlib import Path

import exchange_calendars
import numpy as np
from numpy.typing import NDArray

FIRST, LAST = "1960-01-01", "2049-12-31"
BAKED = Path(__file__).resolve().parent.parent / "src" / "greenlight" / "market" / "baked"


def main() -> None:
    """Write one file a calendar."""
    schedule = exchange_calendars.get_calendar("XNYS", start=FIRST, end=LAST).schedule
    midnight = schedule.index.to_numpy().astype("datetime64[D]")
    np.savez_compressed(
        BAKED / "XNYS.npz",
        day=midnight.astype(np.int32),
        open=_minutes(schedule["open"].to_numpy(), midnight),
        close=_minutes(schedule["close"].to_numpy(), midnight),
    )


def _minutes(moment: NDArray[np.object_], midnight: NDArray[np.datetime64]) -> NDArray[np.int16]:
    since = moment.astype("datetime64[ns]") - midnight
    minutes, rest = np.divmod(since, np.timedelta64(1, "m"))
    if np.any(rest != np.timedelta64(0)):
        raise SystemExit("a session does not begin or end on a whole minute")
    return minutes.astype(np.int16)


if __name__ == "__main__":
    main()
