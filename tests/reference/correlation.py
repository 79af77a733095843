"""Section 5.1: Pearson correlation of two symbols of a block over its last rows."""

from math import isnan, sqrt

from reference.world import Row, World

NO_VARIANCE = 1e-12


def correlation(world: World, row: Row, one: int, other: int) -> float:
    """Between -1 and 1; NaN where it is unknown."""
    count = world.limits.correlation_bars
    if row.at + 1 < count:
        return float("nan")
    x, y = _returns(world, row, one, count), _returns(world, row, other, count)
    if any(isnan(r) for r in x + y):
        return float("nan")
    spread_x, spread_y = _spread(x), _spread(y)
    if spread_x == 0.0 or spread_y == 0.0:
        return 0.0
    together = count * sum(a * b for a, b in zip(x, y, strict=True)) - sum(x) * sum(y)
    return together / sqrt(spread_x * spread_y)


def _returns(world: World, row: Row, symbol: int, count: int) -> list[float]:
    """The symbol's returns in the last `count` rows of its block, this one included."""
    assert world.conditions is not None  # the caller knows: correlation is of the full pattern
    cell = row.base + symbol - row.first
    cells = range(cell - (count - 1) * row.width, cell + 1, row.width)
    return [float(world.conditions.returns[c]) for c in cells]


def _spread(x: list[float]) -> float:
    """Variance times the square of the count; rounding counts as 0."""
    squares = len(x) * sum(a * a for a in x)
    spread = squares - sum(x) ** 2
    return 0.0 if spread <= NO_VARIANCE * squares else spread
