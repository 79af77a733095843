"""The engine's rules once more, slow and plain, written from docs/engine.md alone."""

from reference.simulator import Result, simulate

__all__ = ["Result", "simulate"]
