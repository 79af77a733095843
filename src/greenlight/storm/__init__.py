"""Simulation of the whole bot on virtual time against a faulty exchange, and what must hold."""
