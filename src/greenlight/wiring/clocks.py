"""The one place that reads the machine's clocks."""

import time


def wall() -> int:
    """The machine's clock, ns UTC."""
    return time.time_ns()  # noqa: TID251  # everything else is told the time


def elapsed() -> float:
    """Seconds of a clock that never goes back."""
    return time.monotonic()
