"""Names and times as Alpaca writes them, derived from what they name."""

import uuid
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

EASTERN = ZoneInfo("America/New_York")
_SPACE = uuid.UUID("8a1f6f3e-3b0c-5d3f-9a52-6d0f4f6d7a10")
_NS = 1_000_000_000


def identity(text: str) -> str:
    """A UUID that follows from `text` alone."""
    return str(uuid.uuid5(_SPACE, text))


def moment(ts: int) -> datetime:
    """Aware UTC time of ns; parts of a microsecond are cut off."""
    return datetime.fromtimestamp(ts // _NS, UTC).replace(microsecond=ts % _NS // 1_000)


def rfc3339(ts: int) -> str:
    """`2024-03-04T14:30:00.123456789Z`."""
    text = datetime.fromtimestamp(ts // _NS, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    rest = f"{ts % _NS:09d}".rstrip("0")
    return f"{text}.{rest}Z" if rest else f"{text}Z"


def eastern(ts: int) -> str:
    """The same with New York's offset, as the clock shows it."""
    return moment(ts).astimezone(EASTERN).isoformat()


def stamped(ts: int, name: str) -> str:
    """Id of an activity: it sorts by time."""
    return f"{moment(ts).astimezone(EASTERN):%Y%m%d%H%M%S}{ts % _NS // 1_000_000:03d}::{name}"


def nanoseconds(text: str) -> int:
    """ns UTC of an RFC 3339 time or a date. Raises ValueError."""
    cleaned = text.strip().replace("Z", "+00:00").replace(" ", "+")
    point = cleaned.find(".")
    if point >= 0:
        end = point + 1
        while end < len(cleaned) and cleaned[end].isdigit():
            end += 1
        digits = cleaned[point + 1 : end][:9].ljust(9, "0")
        whole = _aware(cleaned[:point] + cleaned[end:])
        return int(whole.timestamp()) * _NS + int(digits)
    return int(_aware(cleaned).timestamp()) * _NS


def _aware(text: str) -> datetime:
    read = datetime.fromisoformat(text)
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read
