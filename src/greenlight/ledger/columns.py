"""Types of columns that keep a value exactly, on both databases."""

from collections.abc import Mapping
from decimal import Decimal
from math import nan
from typing import Any

import orjson
from sqlalchemy import BigInteger, Boolean, Column, Double, Numeric, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from greenlight.ledger.plain import read_plain, write_plain

_NUL = "\0"


class Words(TypeDecorator[str]):
    """Text; a NUL, which PostgreSQL cannot hold, becomes a question mark."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002  # SQLAlchemy's signature
        """Text that both databases take."""
        return value if value is None else value.replace(_NUL, "?")


class Exact(TypeDecorator[Decimal]):
    """A Decimal to its last digit: NUMERIC where there is one, text in SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """NUMERIC without limits on PostgreSQL."""
        return dialect.type_descriptor(Numeric() if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Decimal | str | None:
        """What the database takes."""
        return value if value is None or dialect.name == "postgresql" else str(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Decimal | None:  # noqa: ANN401, ARG002  # SQLAlchemy's signature
        """The number again."""
        return None if value is None else Decimal(value)


class Float64(TypeDecorator[float]):
    """A float64 with all its bits; NaN is NULL, since SQLite has none."""

    impl = Double
    cache_ok = True

    def process_bind_param(self, value: float | None, dialect: Dialect) -> float | None:  # noqa: ARG002  # SQLAlchemy's signature
        """What the database takes."""
        return value if value is None or value == value else None  # only NaN differs

    def process_result_value(self, value: float | None, dialect: Dialect) -> float:  # noqa: ARG002  # SQLAlchemy's signature
        """The number again."""
        return nan if value is None else float(value)


class Document(TypeDecorator[Any]):
    """A mapping or a tuple as JSON text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any | None, dialect: Dialect) -> str:  # noqa: ANN401, ARG002  # SQLAlchemy's signature
        """What the database takes."""
        return orjson.dumps(write_plain(value)).decode()

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Any:  # noqa: ANN401, ARG002  # SQLAlchemy's signature
        """The value again; a list is a tuple here."""
        found = read_plain(orjson.loads(value or "null"))
        return tuple(found) if isinstance(found, list) else found


def column_of(name: str, hint: Any, *, is_key: bool) -> Column[Any]:  # noqa: ANN401  # any type
    """The column for a field of a row."""
    types: Mapping[Any, TypeEngine[Any]] = {
        int: BigInteger(),
        bool: Boolean(),
        str: Words(),
        float: Float64(),
        Decimal: Exact(),
        int | None: BigInteger(),
        Decimal | None: Exact(),
    }
    is_nullable = hint in (float, int | None, Decimal | None)
    kind = types.get(hint, Document())
    return Column(name, kind, primary_key=is_key, nullable=is_nullable, autoincrement=False)
