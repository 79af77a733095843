"""Alpaca's endpoints by topic; each module lists its own."""
