"""What a bot is given: the world through its ports, and what it is to do there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from greenlight.domain import Holding
from greenlight.live.aggregator import Forecast
from greenlight.live.approvals import ApprovalDesk
from greenlight.live.ports import Broker, Clock, Feed, Journal, Reviewer
from greenlight.live.rows import BlockRow
from greenlight.live.settings import LiveSettings
from greenlight.live.universe import Universe


@dataclass(frozen=True, slots=True)
class World:
    """The ports, and who listens. alert: level and text for the owner; rng: for jitter.

    follow: tells the clock what the venue's says, where the run lives by that.
    """

    broker: Broker
    feed: Feed
    journal: Journal
    clock: Clock
    forecast: Forecast
    reviewer: Reviewer | None
    alert: Callable[[str, str], None]
    rng: np.random.Generator
    follow: Callable[[int], None] | None = None


@dataclass(frozen=True, slots=True)
class Charter:
    """What a bot does: universe, lease, settings. start_ts: of the run.

    warm: past rows that a new trader is shown before its first decision; holdings: what it finds
    at the venue.
    """

    universe: Universe
    settings: LiveSettings
    fence: int
    start_ts: int
    approvals: ApprovalDesk
    warm: Sequence[BlockRow] = ()
    holdings: Sequence[Holding] = ()
