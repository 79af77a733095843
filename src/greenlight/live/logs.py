"""Logs: JSON lines for programs, or one line for a person, and never a secret.

What the journal is told is logged from the same records, so that both tell one story; run,
instrument and order ids are fields of their own.
"""

import logging
import re
import sys
from collections.abc import Iterable, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:  # loads in a good part of a second, which most commands can do without
    import structlog

MASK = "[hidden]"
_LEAST = 6  # shorter secrets would mask ordinary words
_QUIET = ("alembic", "alpaca", "asyncio", "ccxt", "httpcore", "httpx", "uvicorn", "websockets")


class Redaction:
    """Knows the secrets that were loaded, and takes them out of whatever is about to be written."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self.learn(*secrets)

    def learn(self, *secrets: str) -> None:
        """Hide these, too, from now on."""
        self._secrets.update(secret for secret in secrets if len(secret) >= _LEAST)
        longest_first = sorted(self._secrets, key=len, reverse=True)
        joined = "|".join(re.escape(secret) for secret in longest_first)
        self._pattern = re.compile(joined) if joined else None

    def clean(self, text: str) -> str:
        """The text without any secret."""
        return text if self._pattern is None else self._pattern.sub(MASK, text)

    def __call__(
        self, _logger: object, _method: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        """As a processor of structlog's."""
        return {self.clean(key): self._cleaned(value) for key, value in event.items()}

    def __repr__(self) -> str:
        return f"Redaction({len(self._secrets)} secrets)"

    def _cleaned(self, value: object) -> object:
        match value:
            case str():
                return self.clean(value)
            case dict():
                return {self.clean(str(key)): self._cleaned(item) for key, item in value.items()}
            case list() | tuple() | set() | frozenset():
                return [self._cleaned(item) for item in value]
            case None | bool() | int() | float():
                return value
        return self.clean(str(value))


def configure_logs(
    redaction: Redaction, *, stream: TextIO | None = None, file: Path | None = None
) -> "structlog.stdlib.BoundLogger":
    """Send all logs, those of libraries too, to `file`, else to `stream` (standard error).

    A terminal gets lines for people, everything else JSON. Returns the bot's own logger.
    """
    import structlog

    out = sys.stderr if stream is None else stream
    is_human = file is None and out.isatty()
    handler: logging.Handler = (
        logging.StreamHandler(out)
        if file is None
        else logging.FileHandler(file, encoding="utf-8", delay=True)
    )
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    drawn: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=True)
        if is_human
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                redaction,
                drawn,
            ],
        )
    )
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    logger: structlog.stdlib.BoundLogger = structlog.get_logger("greenlight")
    return logger
