"""Config to objects, once, at the door. Nothing below knows of greenlight.toml.

Each name loads its module when it is first used: a command pays for what it needs alone.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from greenlight.wiring.clocks import elapsed, wall
    from greenlight.wiring.history import load_history
    from greenlight.wiring.ledgers import (
        held_run,
        latest_run,
        ledger_folder,
        open_ledger,
        read_ledger,
    )
    from greenlight.wiring.paper import Overseen, build_bot, open_scene, run_record
    from greenlight.wiring.plan import build_plan, build_voices
    from greenlight.wiring.registering import register
    from greenlight.wiring.replays import Pace, backtested, build_stored, run_replay
    from greenlight.wiring.rules import build_costs, build_limits, build_rules, build_specs
    from greenlight.wiring.venues import open_broker, open_feed, secrets

_MODULES = {
    "clocks": ("elapsed", "wall"),
    "history": ("load_history",),
    "ledgers": ("held_run", "latest_run", "ledger_folder", "open_ledger", "read_ledger"),
    "paper": ("Overseen", "build_bot", "open_scene", "run_record"),
    "plan": ("build_plan", "build_voices"),
    "registering": ("register",),
    "replays": ("Pace", "backtested", "build_stored", "run_replay"),
    "rules": ("build_costs", "build_limits", "build_rules", "build_specs"),
    "venues": ("open_broker", "open_feed", "secrets"),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "Overseen",
    "Pace",
    "backtested",
    "build_bot",
    "build_costs",
    "build_limits",
    "build_plan",
    "build_rules",
    "build_specs",
    "build_stored",
    "build_voices",
    "elapsed",
    "held_run",
    "latest_run",
    "ledger_folder",
    "load_history",
    "open_broker",
    "open_feed",
    "open_ledger",
    "open_scene",
    "read_ledger",
    "register",
    "run_record",
    "run_replay",
    "secrets",
    "wall",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401  # whatever the module has
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
