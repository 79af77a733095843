"""The kinds of values a section is made of: fractions, money, durations; none may be NaN."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd])")


class Section(BaseModel):
    """A frozen table of the configuration that refuses keys it does not know."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True
    )


def parse_duration(value: object) -> object:
    """Read "90s", "15m", "4h" or "2d"; anything else is left to the type's own check."""
    if not isinstance(value, str):
        return value
    match = _DURATION.fullmatch(value.strip())
    if match is None:
        raise ValueError(f"{value!r} is not a duration; write 90s, 15m, 4h or 2d")
    return timedelta(**{_UNITS[match[2]]: float(match[1])})


def format_duration(value: timedelta) -> str:
    """Write a duration as it is read, in the largest unit that keeps it whole."""
    seconds = value.total_seconds()
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds > 0 and seconds % size == 0:
            return f"{int(seconds // size)}{unit}"
    return f"{seconds:.6f}".rstrip("0").rstrip(".") + "s"


def _not_negative(value: timedelta) -> timedelta:
    if value < timedelta(0):
        raise ValueError("a duration cannot be negative")
    return value


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    AfterValidator(_not_negative),
    PlainSerializer(format_duration, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d+)?\s*[smhd]$", "examples": ["4h"]}),
]

#: a share of something, 0 (off) to 1
Share = Annotated[float, Field(ge=0, le=1)]
#: a share that must not be nothing
PositiveShare = Annotated[float, Field(gt=0, le=1)]
#: a share of equity; above 1 only with leverage
Exposure = Annotated[float, Field(gt=0, le=10)]
#: basis points of notional, 1/10,000
Bps = Annotated[float, Field(ge=0, le=1_000)]
#: an amount in the account's currency
Money = Annotated[
    Decimal,
    Field(ge=0),
    PlainSerializer(float, when_used="json"),
    WithJsonSchema({"type": "number", "minimum": 0}),
]
PositiveMoney = Annotated[
    Decimal,
    Field(gt=0),
    PlainSerializer(float, when_used="json"),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0}),
]
