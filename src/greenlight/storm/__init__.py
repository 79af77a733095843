"""Simulation of the whole bot in one process on virtual time, with faults from one seed."""

from greenlight.storm.campaign import Failure, Summary, Tally, run_seed, run_seeds
from greenlight.storm.invariants import EVERY, BrokenError, Terms
from greenlight.storm.scenarios import Scenario, scenarios
from greenlight.storm.simulation import Result, simulate
from greenlight.storm.trace import trace
from greenlight.storm.virtual import DeadlockError, Process, VirtualClock, VirtualLoop, outside, run
from greenlight.storm.weather import Weather, draw_weather

__all__ = [
    "EVERY",
    "BrokenError",
    "DeadlockError",
    "Failure",
    "Process",
    "Result",
    "Scenario",
    "Summary",
    "Tally",
    "Terms",
    "VirtualClock",
    "VirtualLoop",
    "Weather",
    "draw_weather",
    "outside",
    "run",
    "run_seed",
    "run_seeds",
    "scenarios",
    "simulate",
    "trace",
]
