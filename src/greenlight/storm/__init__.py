"""Simulation of the whole bot in one process on virtual time, with faults from one seed."""

from greenlight.storm.virtual import DeadlockError, Process, VirtualClock, VirtualLoop, outside, run

__all__ = ["DeadlockError", "Process", "VirtualClock", "VirtualLoop", "outside", "run"]
