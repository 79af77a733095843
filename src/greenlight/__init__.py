"""Greenlight: a trading bot that has to prove itself before it may touch real money."""

__version__ = "0.1.0"
