"""What the journal is told, counted for Prometheus.

Labels are few and come from closed sets, so that a universe of 2,000 symbols makes no 2,000 series.
"""

from enum import Enum

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

from greenlight.domain import Action, BarsClosed, OrderEnded, OrderFilled, Reason
from greenlight.ledger import (
    Alerted,
    Answered,
    ApprovalAsked,
    ApprovalGiven,
    BarSkipped,
    Beat,
    Covered,
    Decided,
    FeedChanged,
    Halted,
    Heard,
    Killed,
    Reconciled,
    Record,
    Resumed,
    Sending,
)


class Metrics:
    """Counters and gauges of one run, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._equity = self._gauge("equity", "Equity at the last beat, in the account's currency")
        self._cash = self._gauge("cash", "Cash at the last beat, in the account's currency")
        self._beat = self._gauge("last_beat_seconds", "Clock of the run at the last beat")
        self._halted = self._gauge("entries_halted", "1 while entries are halted")
        self._killed = self._gauge("killed", "1 from a kill until a person resumes")
        self._drifts = self._gauge("drifts", "Differences the last reconciliation left unexplained")
        self._waiting = self._gauge("approvals_waiting", "Entries that wait for a person")
        self._lag = self._gauge("lag_seconds", "Latency at the last beat", "stage")
        self._feed = self._gauge("feed_alive", "1 while a feed speaks", "feed")
        self._longest = self._gauge("exposed_longest_seconds", "Longest stretch without a stop")
        self._longest_s = 0.0
        self._bars = self._counter("bars_closed", "Bar times decided on")
        self._skipped = self._counter("bars_skipped", "Late or corrected bars")
        self._fills = self._counter("fills", "Fills booked")
        self._ended = self._counter("orders_ended", "Orders ended by the venue", "reason")
        self._sent = self._counter("requests_sent", "Requests to the venue", "act")
        self._answered = self._counter("requests_answered", "Their outcomes", "act", "outcome")
        self._decided = self._counter("decisions", "Decisions", "action", "reason")
        self._covered = self._counter("position_seconds", "Seconds of positions", "protection")
        self._alerts = self._counter("alerts", "Things the owner was told", "level")

    def text(self) -> bytes:
        """All of them as Prometheus reads them."""
        return generate_latest(self.registry)

    def see(self, record: Record) -> None:
        """Count a record."""
        match record:
            case Heard(event=BarsClosed()):
                self._bars.inc()
            case Heard(event=OrderFilled()):
                self._fills.inc()
            case Heard(event=OrderEnded() as ended):
                self._ended.labels(_name(ended.reason)).inc()
            case Decided():
                self._count(record)
            case Sending():
                self._sent.labels(str(record.act)).inc()
            case Answered():
                self._answered.labels(str(record.act), str(record.outcome)).inc()
            case Halted():
                self._halted.set(1)
            case Killed():
                self._killed.set(1)
            case Resumed():
                self._halted.set(0)
                self._killed.set(0)
            case Reconciled():
                halting = [one for one in record.drifts if str(one.answer) == "halted"]
                self._drifts.set(len(halting))
            case ApprovalAsked():
                self._waiting.inc()
            case ApprovalGiven():
                self._waiting.dec()
            case Covered():
                self._cover(record)
            case BarSkipped():
                self._skipped.inc()
            case FeedChanged():
                self._feed.labels(record.feed).set(1 if record.is_alive else 0)
            case Beat():
                self._note_beat(record)
            case Alerted():
                self._alerts.labels(record.level).inc()
            case _:
                pass

    def beat_at(self, ts: int) -> None:
        """The run's clock at a beat, ns UTC."""
        self._beat.set(ts / 1e9)

    def _count(self, record: Decided) -> None:
        for row in record.decisions:
            action, reason = Action(int(row["action"])), Reason(int(row["reason"]))
            self._decided.labels(_name(action), _name(reason)).inc()

    def _cover(self, record: Covered) -> None:
        parts = {
            "covered": record.covered_s,
            "exposed": record.exposed_s,
            "uncoverable": record.uncoverable_s,
        }
        for name, seconds in parts.items():
            self._covered.labels(name).inc(seconds)
        self._longest_s = max(record.longest_s, self._longest_s)
        self._longest.set(self._longest_s)

    def _note_beat(self, record: Beat) -> None:
        self._equity.set(record.equity)
        self._cash.set(record.cash)
        for stage, seconds in record.lags.items():
            self._lag.labels(stage).set(seconds)

    def _gauge(self, name: str, help: str, *labels: str) -> Gauge:  # noqa: A002  # the library's
        return Gauge(f"greenlight_{name}", help, labels, registry=self.registry)

    def _counter(self, name: str, help: str, *labels: str) -> Counter:  # noqa: A002  # the same
        return Counter(f"greenlight_{name}", help, labels, registry=self.registry)


def _name(code: Enum) -> str:
    return code.name.lower()
