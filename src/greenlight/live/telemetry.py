"""One call for each record that is journalled: a log line, a count, a thought about health."""

from collections.abc import Callable, Sequence
from typing import Protocol

from greenlight.ledger import Beat, Record
from greenlight.live.health import Health
from greenlight.live.metrics import Metrics
from greenlight.live.telling import line_of


class Log(Protocol):
    """A logger that takes fields, such as structlog's."""

    def info(self, event: str, **fields: object) -> object:
        """Ordinary."""
        ...

    def warning(self, event: str, **fields: object) -> object:
        """To be looked at."""
        ...

    def error(self, event: str, **fields: object) -> object:
        """To be looked at now."""
        ...


class Telemetry:
    """What a run shows of itself. symbols: instrument ids by number; now: the run's clock."""

    def __init__(
        self, log: Log, symbols: Sequence[str], beat_s: float, now: Callable[[], int]
    ) -> None:
        self._log, self._symbols, self._now = log, tuple(symbols), now
        self.metrics = Metrics()
        self.health = Health(beat_s, now)

    def saw(self, record: Record) -> None:
        """Tell a record that was just appended to the journal."""
        self.metrics.see(record)
        self.health.see(record)
        if isinstance(record, Beat):
            self.metrics.beat_at(self._now())
        line = line_of(record, self._symbols)
        if line is not None:
            getattr(self._log, line.level)(line.event, **line.fields)
