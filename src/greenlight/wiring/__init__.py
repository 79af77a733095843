"""Config to objects, once, at the door. Nothing below knows of greenlight.toml."""

from greenlight.wiring.history import load_history
from greenlight.wiring.plan import build_plan, build_voices
from greenlight.wiring.rules import build_costs, build_limits, build_rules, build_specs

__all__ = [
    "build_costs",
    "build_limits",
    "build_plan",
    "build_rules",
    "build_specs",
    "build_voices",
    "load_history",
]
