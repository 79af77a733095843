"""The example book: 38 US large caps of all sectors, to try things on."""

from dataclasses import dataclass
from pathlib import Path

from greenlight.market.sectors import Sectors, read_sectors

_FILE = Path(__file__).parent / "baked" / "us38.csv"


@dataclass(frozen=True, slots=True)
class Book:
    """Symbols and their GICS sectors, dated; carried back to 1990 where nothing else is known."""

    symbols: tuple[str, ...]
    sectors: Sectors


def example_book() -> Book:
    """The book that ships with Greenlight: us38. It was chosen in 2026, knowing who had grown."""
    sectors = read_sectors(_FILE)
    return Book(tuple(sorted(sectors.by_symbol)), sectors)
