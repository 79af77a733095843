"""Config to objects, once, at the door. Nothing below knows of greenlight.toml."""

from greenlight.wiring.clocks import elapsed, wall
from greenlight.wiring.history import load_history
from greenlight.wiring.ledgers import held_run, ledger_folder, open_ledger, read_ledger
from greenlight.wiring.plan import build_plan, build_voices
from greenlight.wiring.rules import build_costs, build_limits, build_rules, build_specs
from greenlight.wiring.venues import open_broker, open_feed

__all__ = [
    "build_costs",
    "build_limits",
    "build_plan",
    "build_rules",
    "build_specs",
    "build_voices",
    "elapsed",
    "held_run",
    "ledger_folder",
    "load_history",
    "open_broker",
    "open_feed",
    "open_ledger",
    "read_ledger",
    "wall",
]
