"""Small tables from CSV (also .gz) and Parquet; a defect is named by file, line and column."""

import csv
import gzip
import io
import math
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from greenlight.domain import UserError

V = TypeVar("V")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NS_DIGITS = 18  # a whole number this long is a time in ns, a shorter one a date like 20200131


def day_number(day: date) -> int:
    """Days since the epoch, the unit of `session`."""
    return (day - date(1970, 1, 1)).days


def day_of(session: int) -> date:
    """The date of a `session`."""
    return date(1970, 1, 1) + timedelta(days=session)


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of equal length, names in lower case; cells are text from CSV, typed from Parquet."""

    path: str
    columns: Mapping[str, Sequence[object]]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    def has(self, *names: str) -> bool:
        """Whether all these columns are there."""
        return all(name in self.columns for name in names)

    def text(self, *names: str) -> list[str]:
        """The first column found of `names`, as text; empty cells are refused."""
        return self._parsed(names, _text)

    def text_or_none(self, *names: str) -> list[str | None]:
        """Text, None where a cell is empty; all None without the column."""
        return self._parsed_or_none(names, _text)

    def days(self, *names: str) -> list[date]:
        """Dates; a time of day is refused."""
        return self._parsed(names, _day)

    def days_or_none(self, *names: str) -> list[date | None]:
        """Dates, None where a cell is empty; all None without the column."""
        return self._parsed_or_none(names, _day)

    def instants(self, *names: str) -> NDArray[np.int64]:
        """Moments in ns UTC: ISO text (without a zone: UTC; a date: its midnight) or whole ns."""
        return np.array(self._parsed(names, _instant), dtype=np.int64)

    def numbers(self, *names: str) -> NDArray[np.float64]:
        """Finite numbers."""
        return np.array(self._parsed(names, _number), dtype=np.float64)

    def decimals(self, *names: str) -> list[Decimal]:
        """Finite numbers as written."""
        return self._parsed(names, _decimal)

    def decimals_or_none(self, *names: str) -> list[Decimal | None]:
        """Finite numbers, None where a cell is empty; all None without the column."""
        return self._parsed_or_none(names, _decimal)

    def where(self, row: int) -> str:
        """Names a row for an error: the file and its line (the header is line 1)."""
        return f"{self.path} line {row + 2}"

    @contextmanager
    def blamed(self) -> Iterator[None]:
        """Puts the file's name before a UserError raised inside."""
        try:
            yield
        except UserError as error:
            raise UserError(f"{self.path}: {error}") from error

    def _parsed(self, names: tuple[str, ...], parse: Callable[[object], V]) -> list[V]:
        name = next((n for n in names if n in self.columns), None)
        if name is None:
            found = ", ".join(self.columns) or "none"
            raise UserError(f"{self.path}: no column {' or '.join(names)}; it has {found}")
        values: list[V] = []
        for row, cell in enumerate(self.columns[name]):
            try:
                values.append(parse(cell))
            except ValueError as error:
                raise UserError(f"{self.where(row)}: {name} {cell!r} {error}") from error
        return values

    def _parsed_or_none(
        self, names: tuple[str, ...], parse: Callable[[object], V]
    ) -> list[V | None]:
        if not any(name in self.columns for name in names):
            return [None] * len(self)
        return self._parsed(names, lambda cell: None if _is_empty(cell) else parse(cell))


def read_table(path: Path | str) -> Table:
    """Read a whole CSV, CSV.gz or Parquet file. Raises UserError when it cannot be read."""
    place = Path(path)
    try:
        return _parquet(place) if place.suffix == ".parquet" else _csv(place)
    except FileNotFoundError as error:
        raise UserError(f"{place}: no such file") from error
    except (OSError, EOFError, UnicodeDecodeError, csv.Error, zlib.error) as error:
        raise UserError(f"{place}: cannot be read ({error})") from error


def _csv(place: Path) -> Table:
    opener = gzip.open if place.suffix == ".gz" else open
    with opener(place, "rb") as raw:
        lines = csv.reader(io.TextIOWrapper(raw, encoding="utf-8-sig", newline=""))
        header = [name.strip().lower() for name in next(lines, [])]
        rows = list(lines)
    while rows and not rows[-1]:
        rows.pop()
    if not header:
        raise UserError(f"{place}: is empty; its first line must name the columns")
    if len(set(header)) != len(header):
        raise UserError(f"{place}: a column name stands twice in {', '.join(header)}")
    for number, row in enumerate(rows):
        if len(row) != len(header):
            raise UserError(
                f"{place} line {number + 2}: {len(row)} cells, the header has {len(header)}"
            )
    return Table(str(place), dict(zip(header, _transposed(rows, len(header)), strict=True)))


def _transposed(rows: Iterable[Sequence[str]], width: int) -> list[Sequence[object]]:
    columns = list(zip(*rows, strict=True))
    return list(columns) if columns else [()] * width


def _parquet(place: Path) -> Table:
    import polars as pl  # late: CSV tables do not need it

    try:
        frame = pl.read_parquet(place)
    except pl.exceptions.PolarsError as error:
        first = str(error).splitlines()[0]
        raise UserError(f"{place}: is not a whole Parquet file ({first})") from error
    return Table(str(place), {c.name.lower(): c.to_list() for c in frame.get_columns()})


def _is_empty(cell: object) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _text(cell: object) -> str:
    if _is_empty(cell):
        raise ValueError("is empty")
    return str(cell).strip()


def _day(cell: object) -> date:
    moment = _moment(cell)
    if moment.timetz() != time(tzinfo=UTC):
        raise ValueError("has a time of day; a date is wanted")
    return moment.date()


def _instant(cell: object) -> int:
    if isinstance(cell, int) and not isinstance(cell, bool):
        return cell
    text = str(cell).strip()
    if len(text) >= _NS_DIGITS and text.isdigit():
        return int(text)
    return (_moment(cell) - _EPOCH) // timedelta(microseconds=1) * 1_000


def _moment(cell: object) -> datetime:
    if isinstance(cell, datetime):
        moment = cell
    elif isinstance(cell, date):
        moment = datetime.combine(cell, time())
    else:
        try:
            moment = datetime.fromisoformat(_text(cell))
        except ValueError as error:
            raise ValueError(
                "is not a date or time like 2020-01-31 or 2020-01-31T15:30Z"
            ) from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _number(cell: object) -> float:
    try:
        value = float(str(cell))
    except ValueError as error:
        raise ValueError("is not a number") from error
    if not math.isfinite(value):
        raise ValueError("is not a finite number")
    return value


def _decimal(cell: object) -> Decimal:
    try:
        value = cell if isinstance(cell, Decimal) else Decimal(_text(cell))
    except InvalidOperation as error:
        raise ValueError("is not a number") from error
    if not value.is_finite():
        raise ValueError("is not a finite number")
    return value
