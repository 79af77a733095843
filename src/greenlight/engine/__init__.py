"""The engine: verbs, compiled and without I/O, and the loop that drives them over history."""

from greenlight.engine.accounts import Execution
from greenlight.engine.following import UNFINISHED, Entries, Outcomes, follow
from greenlight.engine.limits import (
    UNLIMITED,
    Costs,
    Limits,
    Specs,
    build_costs,
    build_specs,
)
from greenlight.engine.logs import DECISION, FILL
from greenlight.engine.matcher import Ended, Matcher, Rest, Touch
from greenlight.engine.simulation import Run, Surroundings, simulate, simulate_many
from greenlight.engine.state import Rules
from greenlight.engine.tape import (
    FLAG_REGIME,
    FLAG_STALE,
    FLAG_UNIVERSE,
    FLAG_UNTRADABLE,
    Conditions,
    Happenings,
    Tape,
    build_happenings,
    build_tape,
)
from greenlight.engine.telling import Row, tell_rows
from greenlight.engine.trader import Desk, Step, Switches, Trader
from greenlight.engine.warm import warm_up

__all__ = [
    "DECISION",
    "FILL",
    "FLAG_REGIME",
    "FLAG_STALE",
    "FLAG_UNIVERSE",
    "FLAG_UNTRADABLE",
    "UNFINISHED",
    "UNLIMITED",
    "Conditions",
    "Costs",
    "Desk",
    "Ended",
    "Entries",
    "Execution",
    "Happenings",
    "Limits",
    "Matcher",
    "Outcomes",
    "Rest",
    "Row",
    "Rules",
    "Run",
    "Specs",
    "Step",
    "Surroundings",
    "Switches",
    "Tape",
    "Touch",
    "Trader",
    "build_costs",
    "build_happenings",
    "build_specs",
    "build_tape",
    "follow",
    "simulate",
    "simulate_many",
    "tell_rows",
    "warm_up",
]
