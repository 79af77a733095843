"""What must hold at every moment. Each can fail, and tests make each of them fail.

They know what was seen (`witness`) and what follows from it by their own arithmetic (`replica`);
nothing of the live engine.
"""

from greenlight.storm.invariants.judge import EVERY, Judge
from greenlight.storm.invariants.scene import BrokenError, Invariant, Scene, Terms

__all__ = ["EVERY", "BrokenError", "Invariant", "Judge", "Scene", "Terms"]
