"""What must add up: fills, cash, positions, limits."""

from decimal import Decimal

from greenlight.domain import PlaceOrder, Role
from greenlight.ledger import Answer, Decided, DriftKind, Reconciled
from greenlight.storm.invariants.scene import Invariant, Scene
from greenlight.storm.replica import name_of
from greenlight.storm.witness import (
    Fact,
    Shown,
    Written,
)

_NS = 1_000_000_000
_ZERO = Decimal(0)
_CENT = Decimal("0.01")


class BookedOnce(Invariant):
    """No fill is booked twice, and in the end none is missing. Orders of which one took the place
    of another count as one."""

    name = "booked-once"

    def hear(self, fact: Fact) -> None:
        """Look at what the journal has booked of each order."""
        if not isinstance(fact, Written):
            return
        source = getattr(fact.entry.record, "source", None)
        if source is not None:
            root = self.scene.venue.roots.get(source.client_id, source.client_id)
            filled = float(self.scene.venue.filled.get(root, _ZERO))
            booked = self._booked().get(root, 0.0)
            if booked > filled * (1 + 1e-9):
                raise self.broken(f"{source.client_id}: {filled:g} filled, {booked:g} booked")

    def rest(self) -> None:
        """Everything that filled is booked."""
        booked = self._booked()
        for root, filled in self.scene.venue.filled.items():
            name = name_of(root)
            if name is None or name.role == "M":
                continue
            if abs(booked.get(root, 0.0) - float(filled)) > 1e-6:
                raise self.broken(
                    f"{root}: {filled} filled, {booked.get(root, 0.0):g} booked at the end"
                )

    def _booked(self) -> dict[str, float]:
        booked: dict[str, float] = {}
        for client_id, quantity in self.scene.journal.booked.items():
            root = self.scene.venue.roots.get(client_id, client_id)
            booked[root] = booked.get(root, 0.0) + quantity
        return booked


class CashConserved(Invariant):
    """The venue's cash and positions are what its fills and movements come to."""

    name = "cash-conserved"

    def hear(self, fact: Fact) -> None:
        """Compare whenever the venue shows the account."""
        if not isinstance(fact, Shown):
            return
        own = self.scene.venue
        if abs(fact.cash - own.cash) > Decimal("0.0001"):
            raise self.broken(f"cash {fact.cash} shown, {own.cash} counted")
        shown = dict(fact.positions)
        for symbol in shown | own.positions:
            if shown.get(symbol, _ZERO) != own.held(symbol):
                raise self.broken(
                    f"{symbol}: {shown.get(symbol, _ZERO)} shown, {own.held(symbol)} counted"
                )


class BooksAgree(Invariant):
    """In the end book and venue agree: positions, cash to the cent, open orders; or the journal has
    named the difference and stopped entries."""

    name = "books-agree"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._named: set[tuple[DriftKind, str]] = set()

    def hear(self, fact: Fact) -> None:
        """Remember what the last reconciliation has named."""
        if isinstance(fact, Written) and isinstance(record := fact.entry.record, Reconciled):
            halting = (Answer.HALTED, Answer.RELEASED)
            self._named = {(d.kind, d.subject) for d in record.drifts if d.answer in halting}

    def rest(self) -> None:
        """Compare all there is."""
        journal, venue = self.scene.journal, self.scene.venue
        for number, symbol in enumerate(journal.symbols):
            book, held = Decimal(str(journal.held(number))), venue.held(symbol)
            if abs(book - held) > Decimal("1e-6"):
                self._unless_named(
                    DriftKind.POSITION, symbol, f"{symbol}: book {book}, venue {held}"
                )
        cash = Decimal(str(journal.cash))
        if abs(cash - venue.cash) > _CENT:
            self._unless_named(DriftKind.CASH, "", f"cash: book {cash:.4f}, venue {venue.cash}")
        self._compare_orders()

    def _compare_orders(self) -> None:
        """Those of the kill switch aside: it leaves what is queued to the venue."""
        resting = [one.laid.client_id for one in self.scene.venue.open_orders()]
        ours = {name for name in resting if not _is_manual(name)}
        tickets = self.scene.journal.tickets.items()
        believed = {name for name, one in tickets if one.is_open and not _is_manual(name)}
        if believed != ours:
            raise self.broken(
                f"open orders: only in the book {sorted(believed - ours)}, "
                f"only at the venue {sorted(ours - believed)}"
            )

    def _unless_named(self, kind: DriftKind, subject: str, why: str) -> None:
        is_named = any(k is kind and subject in ("", s) for k, s in self._named)
        if not (is_named and self.scene.journal.stopped_by):
            raise self.broken(why)


def _is_manual(client_id: str) -> bool:
    name = name_of(client_id)
    return name is None or name.role == "M"


class DriftAnswered(Invariant):
    """Only a small difference is adopted unasked."""

    name = "drift-answered"

    def hear(self, fact: Fact) -> None:
        """Look at every difference that was adopted."""
        if not isinstance(fact, Written) or not isinstance(fact.entry.record, Reconciled):
            return
        record, terms = fact.entry.record, self.scene.terms
        for drift in record.drifts:
            if drift.answer is not Answer.ADOPTED or drift.kind is DriftKind.ORDER:
                continue
            off = abs(drift.book - drift.venue)
            if drift.kind is DriftKind.CASH:
                most = record.account.equity * terms.drift_cash
            else:
                most = max(abs(drift.book), abs(drift.venue)) * terms.drift_quantity
            if off > most:
                raise self.broken(f"{drift.kind} {drift.subject}: {off} adopted, {most} allowed")


class GatesHold(Invariant):
    """What is decided keeps every limit, by the prices and fills that the journal knew."""

    name = "gates-hold"

    def hear(self, fact: Fact) -> None:
        """Look at every entry decided."""
        if isinstance(fact, Written) and isinstance(fact.entry.record, Decided):
            for command in fact.entry.record.commands:
                if isinstance(command, PlaceOrder) and command.id.role is Role.ENTRY:
                    self._look_at(command)

    def _look_at(self, command: PlaceOrder) -> None:
        journal, number = self.scene.journal, command.id.symbol
        equity = journal.equity()
        worth = {n: abs(q) * journal.marks.get(n, 0.0) for n, q in journal.quantity.items()}
        for n, (left, price) in journal.resting.items():
            worth[n] = worth.get(n, 0.0) + left * price
        sector = journal.sectors[number]
        peers = sum(w for n, w in worth.items() if journal.sectors[n] == sector)
        checks: list[tuple[str, float, float]] = [
            ("position", worth.get(number, 0.0), journal.limits["position"] * equity),
            ("deployed", sum(worth.values()), journal.limits["deployed"] * equity),
            ("entries", journal.entries_today, journal.limits["entries_per_day"]),
        ]
        if sector >= 0:
            checks.append(("sector", peers, float(journal.limits["sector"]) * equity))
        for what, value, limit in checks:
            if value > float(limit) * (1 + 1e-6):
                raise self.broken(f"{what}: {value:.2f} where {float(limit):.2f} is allowed")
