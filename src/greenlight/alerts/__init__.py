"""Channels that carry messages out. Empty until paper trading comes."""
