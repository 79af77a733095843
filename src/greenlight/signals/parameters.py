"""Parameters a strategy declares: a default and the values a search may try."""

from collections.abc import Mapping
from dataclasses import dataclass

from greenlight.domain import UserError

Value = int | float | bool | str


@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number in [low, high]."""

    default: int
    low: int
    high: int

    def accepts(self, value: Value) -> bool:
        """Whether `value` may be used."""
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        return is_whole and self.low <= float(value) <= self.high

    def grid(self, count: int) -> tuple[Value, ...]:
        """At most `count` values spread evenly over the range, ends included."""
        spread = _spread(self.low, self.high, count)
        return tuple(sorted({round(value) for value in spread}))

    def __str__(self) -> str:
        return f"a whole number from {self.low} to {self.high}"


@dataclass(frozen=True, slots=True)
class Real:
    """A number in [low, high]."""

    default: float
    low: float
    high: float

    def accepts(self, value: Value) -> bool:
        """Whether `value` may be used."""
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number and self.low <= float(value) <= self.high

    def grid(self, count: int) -> tuple[Value, ...]:
        """At most `count` values spread evenly over the range, ends included."""
        return tuple(sorted(set(_spread(self.low, self.high, count))))

    def __str__(self) -> str:
        return f"a number from {self.low:g} to {self.high:g}"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few values, e.g. a switch: ``Choice(False, (False, True))``."""

    default: Value
    options: tuple[Value, ...]

    def accepts(self, value: Value) -> bool:
        """Whether `value` may be used; True is not 1 here."""
        return any(value == option and type(value) is type(option) for option in self.options)

    def grid(self, count: int) -> tuple[Value, ...]:  # noqa: ARG002  # the few values are all tried
        """Every value."""
        return self.options

    def __str__(self) -> str:
        return "one of " + ", ".join(str(option) for option in self.options)


Parameter = Integer | Real | Choice


def resolve(
    owner: str, declared: Mapping[str, Parameter], given: Mapping[str, Value]
) -> dict[str, Value]:
    """Every declared parameter with the given value or its default.

    Raises UserError, naming `owner`, for a name that is not declared or a value out of its range.
    """
    for name, value in given.items():
        if name not in declared:
            known = ", ".join(declared) or "none"
            raise UserError(f"{owner} has no parameter {name}; it has: {known}")
        if not declared[name].accepts(value):
            raise UserError(f"{owner}: {name} = {value!r} is not {declared[name]}")
    return {name: given.get(name, parameter.default) for name, parameter in declared.items()}


def _spread(low: float, high: float, count: int) -> list[float]:
    if count <= 1 or low == high:
        return [low]
    return [low + (high - low) * step / (count - 1) for step in range(count)]
