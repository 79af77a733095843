"""Criteria, gate and ramp. Empty until readiness comes."""
