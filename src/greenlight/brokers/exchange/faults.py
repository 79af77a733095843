"""Faults on demand: what may go wrong, when, how often; seeded, so that it goes wrong again alike.

`docs/exchange.md` describes each kind and the file they are read from.
"""

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np

from greenlight.brokers.exchange.hours import NS_SECOND
from greenlight.brokers.exchange.record import FaultLine
from greenlight.domain import UserError


class FaultKind(StrEnum):
    """What goes wrong."""

    RATE_LIMIT = "rate_limit"
    SERVER_ERROR = "server_error"
    LOST_ANSWER = "lost_answer"
    HANG = "hang"
    OUTAGE = "outage"
    REFUSE_KEYS = "refuse_keys"
    STALE_CLOCK = "stale_clock"
    STALE_POSITIONS = "stale_positions"
    DROP_UPDATE = "drop_update"
    DOUBLE_UPDATE = "double_update"
    REORDER_UPDATE = "reorder_update"
    DELAY_UPDATE = "delay_update"
    REPLAY_FILL = "replay_fill"
    DISCONNECT = "disconnect"
    SILENCE = "silence"
    PARTIAL_FILL = "partial_fill"
    REJECT_ORDER = "reject_order"
    HALT = "halt"
    LATE_BAR = "late_bar"
    CORRECTED_BAR = "corrected_bar"


#: kinds that, once struck, go on for `seconds`
LASTING = frozenset(
    {
        FaultKind.OUTAGE,
        FaultKind.REFUSE_KEYS,
        FaultKind.STALE_CLOCK,
        FaultKind.STALE_POSITIONS,
        FaultKind.SILENCE,
        FaultKind.HALT,
    }
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that may go wrong.

    probability: at each opportunity. first_s, last_s: only so long after the start of the exchange
    (its own time). seconds: how long it lasts, or what is delayed, or Retry-After. share: of a
    trade's size that fills, or by which a bar is wrong. times: at most so often, 0 without end.
    about: only where this stands in what it would strike (a symbol; "POST /v2/orders"; a stream).
    status: of the answer.
    """

    kind: FaultKind
    probability: float = 1.0
    first_s: float = 0.0
    last_s: float = float("inf")
    seconds: float = 5.0
    share: float = 0.1
    times: int = 0
    about: str = ""
    status: int = 504


class Faults:
    """Faults in force. `now` is moved by the exchange; each fault draws from its own stream."""

    def __init__(self, faults: Iterable[Fault] = (), seed: int = 0) -> None:
        self.faults = tuple(faults)
        self.log: list[FaultLine] = []
        self.start_ts = self.now = 0
        self._chance = [np.random.default_rng([seed, n]) for n in range(len(self.faults))]
        self._struck = [0] * len(self.faults)
        self._until = [-1] * len(self.faults)

    def begin(self, start_ts: int) -> None:
        """Say when the exchange began; `first_s` and `last_s` count from here."""
        self.start_ts = self.now = start_ts

    def strikes(self, kind: FaultKind, about: str = "") -> Fault | None:
        """The fault of that kind that strikes `about` now, if any does. An opportunity."""
        for n, fault in enumerate(self.faults):
            if fault.kind is not kind or fault.about not in about:
                continue
            if self.now < self._until[n]:
                return fault
            if self._draws(n, fault):
                self._struck[n] += 1
                self.log.append(FaultLine(self.now, kind, about))
                if kind in LASTING:
                    self._until[n] = self.now + int(fault.seconds * NS_SECOND)
                return fault
        return None

    def _draws(self, n: int, fault: Fault) -> bool:
        since = (self.now - self.start_ts) / NS_SECOND
        if not fault.first_s <= since <= fault.last_s:
            return False
        if fault.times > 0 and self._struck[n] >= fault.times:
            return False
        return bool(self._chance[n].random() < fault.probability)


def read_faults(path: Path) -> Faults:
    """Faults of a TOML file. Raises UserError naming what is wrong and what there is."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise UserError(f"{path}: {error}") from None
    seed, rows = table.pop("seed", 0), table.pop("fault", [])
    if table or not isinstance(seed, int) or not isinstance(rows, list):
        raise UserError(f"{path}: give `seed = 1` and tables [[fault]], nothing else")
    return Faults([_fault(path, n, row) for n, row in enumerate(rows, 1)], seed)


def _fault(path: Path, n: int, row: object) -> Fault:
    where = f"{path}: fault {n}"
    if not isinstance(row, dict) or "kind" not in row:
        raise UserError(f"{where} has no kind; there are {', '.join(FaultKind)}")
    values: dict[str, Any] = dict(row)
    try:
        kind = FaultKind(values.pop("kind"))
    except ValueError:
        raise UserError(
            f"{where}: no kind {row['kind']}; there are {', '.join(FaultKind)}"
        ) from None
    types: dict[str, Sequence[type]] = {
        field.name: (str,) if field.name == "about" else (int, float) for field in fields(Fault)
    }
    for name, value in values.items():
        if name not in types or name == "kind":
            known = ", ".join(one for one in types if one != "kind")
            raise UserError(f"{where}: no key {name}; there are {known}")
        if isinstance(value, bool) or not isinstance(value, tuple(types[name])):
            raise UserError(f"{where}: {name} = {value!r} is no {types[name][0].__name__}")
    return Fault(kind, **values)
