"""What a run trades, and how the engine's numbers for it translate into names."""

from dataclasses import dataclass
from decimal import Decimal

from greenlight.domain import Instrument, Timeframe


@dataclass(frozen=True, slots=True)
class Block:
    """Symbols that share calendar and time frame; `first` is the number of the first of them."""

    calendar: str
    timeframe: Timeframe
    first: int
    instruments: tuple[Instrument, ...]

    @property
    def width(self) -> int:
        """How many symbols it has."""
        return len(self.instruments)


@dataclass(frozen=True, slots=True)
class Universe:
    """Blocks in the order of the engine's specs; a symbol's number counts through all of them."""

    blocks: tuple[Block, ...]

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """Every instrument, by number."""
        return tuple(one for block in self.blocks for one in block.instruments)

    @property
    def symbols(self) -> tuple[str, ...]:
        """Every instrument's id, by number."""
        return tuple(one.id for one in self.instruments)

    @property
    def widths(self) -> tuple[int, ...]:
        """How many symbols each block has."""
        return tuple(block.width for block in self.blocks)

    def numbers(self) -> dict[str, int]:
        """Number of each id."""
        return {symbol: number for number, symbol in enumerate(self.symbols)}

    def block_of(self, number: int) -> int:
        """Number of the block that has symbol `number`."""
        for nth, block in enumerate(self.blocks):
            if block.first <= number < block.first + block.width:
                return nth
        raise IndexError(f"no symbol {number} among {len(self.symbols)}")


def exact(value: float) -> Decimal:
    """The decimal that a float is written as: 0.1 is 0.1, and float() gives the same bits back."""
    return Decimal(repr(value))
