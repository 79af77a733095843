"""`python -m greenlight.engine`: compile the engine ahead of its first use."""

from greenlight.engine import warm_up

warm_up()
