"""What follows from a failure or a refusal: who waits how long, what the trader and owner hear."""

from collections.abc import Callable, Mapping

from greenlight.domain import (
    ExitAsked,
    GreenlightError,
    OrderEnded,
    OrderId,
    OrderState,
    Reason,
    RetryError,
    Role,
    Switch,
    Switched,
)
from greenlight.ledger import Act, Outcome
from greenlight.live.anomaly import Anomalies
from greenlight.live.checking import Checks
from greenlight.live.retrying import Backoff, Budget
from greenlight.live.sending import Bench, Reply, Request
from greenlight.live.situation import NS
from greenlight.live.wanting import Wants
from greenlight.live.working import Working

_PASSING = ("held", "wash", "halted")  # refusals that may pass by themselves
_HALT_WAIT_S = 30.0


class Judge:
    """Keeps what was refused, by symbol and family of roles."""

    def __init__(
        self, bench: Bench, budget: Budget, anomalies: Anomalies, wants: Callable[[int], Wants]
    ) -> None:
        settings = bench.settings
        self._bench, self._budget, self._anomalies = bench, budget, anomalies
        self._wants = wants
        self.checks = Checks(2.0 * settings.confirm_s)
        self._backoff = Backoff(settings.first_wait_s, settings.longest_wait_s, bench.rng)
        self._holds: dict[int, dict[Role, int]] = {}
        self._left: dict[int, int] = {}

    def holds(self, symbol: int) -> Mapping[Role, int]:
        """Which families may not be sent before when."""
        return self._holds.get(symbol, {})

    def left_ts(self, symbol: int) -> int | None:
        """When the trader was last asked to leave the position."""
        return self._left.get(symbol)

    def answered(self, request: Request, reply: Reply) -> None:
        """Take in what became of a request."""
        now = self._bench.clock.now()
        working = request.working
        if request.act is not Act.CANCEL:
            self._anomalies.answered(now, is_refused=reply.outcome is Outcome.REFUSED)
        if reply.outcome in (Outcome.FAILED, Outcome.UNKNOWN):
            self._anomalies.failed(now)
        if reply.detail.startswith("held") and request.act is not Act.CANCEL:
            self.checks.suspect(working.order.symbol)  # or less is held than the book says
        if reply.is_halt:
            self._hold(working, _HALT_WAIT_S, request.act)
            self.halted(working.order.symbol, reply.detail)
        elif reply.outcome is Outcome.FAILED:
            key = (working.order.symbol, working.family)
            error = RetryError(reply.detail, reply.wait_s)
            self._hold(working, self.wait_s(key, error), request.act)
        elif reply.outcome is Outcome.REFUSED and request.act is Act.SUBMIT:
            self.refused(working, reply.detail)

    def filled(self, working: Working) -> None:
        """It works; less is held now."""
        self.checks.traded(working.order.symbol)
        self._backoff.worked((working.order.symbol, working.family))

    def ended(self, working: Working) -> None:
        """The venue has ended an order by itself; what protects is laid again, not at once."""
        is_over = working.was_cancelled or working.is_filled or working.is_absent
        if working.order.role is Role.ENTRY or is_over:
            return
        if working.state is not OrderState.EXPIRED:  # perhaps a hand has closed the position
            self.checks.suspect(working.order.symbol)
        if working.state is OrderState.REJECTED:
            self.refused(working, working.reason)
        else:
            key = (working.order.symbol, working.family)
            self._hold(working, self._backoff.failed(key, self._bench.clock.now()))

    def refused(self, working: Working, why: str) -> None:
        """The venue will not have an order."""
        symbol, family = working.order.symbol, working.family
        now, word = self._bench.clock.now(), why.partition(":")[0]
        wait = self._backoff.failed((symbol, family), now)
        tries = self._backoff.count((symbol, family), now)
        longest = self._bench.settings.longest_wait_s
        name = working.ticket.instrument
        match family:
            case Role.ENTRY:
                self._bench.alert("warning", f"{name}: entry refused: {why}")
            case Role.EXIT:
                self._holds.get(symbol, {}).pop(Role.STOP, None)  # it protects meanwhile
                self._hold(working, wait)
                if tries == self._bench.settings.attempts:
                    self._bench.alert("error", f"{name}: exit refused {tries} times: {why}")
            case Role.STOP if word in _PASSING and tries < self._bench.settings.attempts:
                self._hold(working, wait)
            case Role.STOP:
                self._hold(working, longest)
                self._bench.alert("warning", f"{name}: stop refused, leaving at the market: {why}")
                self.leave(symbol, Reason.NAKED)
            case _:
                self._hold(working, longest)

    def leave(self, symbol: int, reason: Reason) -> None:
        """Ask the trader to leave a position."""
        now = self._bench.clock.now()
        self._left[symbol] = now
        time = self._bench.times.bar_time_of(symbol, now)
        self._bench.tell(ExitAsked(time, symbol, reason), None)

    def end(self, order: OrderId, reason: Reason) -> None:
        """Tell the trader that what is left of an ENTRY will not come."""
        now = self._bench.clock.now()
        event = OrderEnded(self._bench.times.bar_time_of(order.symbol, now - 1), order, reason)
        self._wants(order.symbol).ended(event)
        self._bench.tell(event, None)

    def wait_s(self, key: object, error: GreenlightError) -> float:
        """How long to wait after a failure; after too many the owner hears of it."""
        now = self._bench.clock.now()
        asked = error.wait_s if isinstance(error, RetryError) else 0.0
        if asked > 0.0:
            self._budget.close(asked)
        seconds = self._backoff.failed(key, now, asked)
        tries = self._backoff.count(key, now)
        if tries == self._bench.settings.attempts:
            self._bench.alert("error", f"{self._bench.broker.name}: {tries} tries failed: {error}")
        return seconds

    def halted(self, symbol: int, why: str) -> None:
        """The venue refuses the account or its keys: entries halt, the rest goes on trying."""
        now = self._bench.clock.now()
        if self._backoff.count("halt", now) == 0:
            self._anomalies.refused(why)
            self._bench.alert("error", f"{self._bench.broker.name}: {why}")
            time = self._bench.times.bar_time_of(symbol, now)
            self._bench.tell(Switched(time, Switch.ANOMALY), None)
        self._backoff.failed("halt", now)

    def _hold(self, working: Working, seconds: float, act: Act = Act.SUBMIT) -> None:
        until = self._bench.clock.now() + int(seconds * NS)
        symbol = working.order.symbol
        if act is not Act.SUBMIT:  # the order rests: only changing it waits
            working.not_before_ts = until
            return
        self._holds.setdefault(symbol, {})[working.family] = until
