"""Puts this folder on the path, so that tests may import the reference."""
