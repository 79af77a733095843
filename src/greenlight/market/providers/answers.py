"""JSON over HTTP for the adapters that have no client library of their own."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from greenlight.domain import RefuseError, RetryError
from greenlight.market.providers.retrying import BusyError, Patience, retry_after

_TIMEOUT_S = 30.0
_SHOWN = 200  # characters of a foreign message that go into an error line


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and decoded body of an answer that waiting would not change."""

    status: int
    body: Any  # as the other side made it; read it inside `understood`
    text: str  # its beginning, on one line, without secrets


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks one host for JSON, patiently. `secrets` never show up in what it says."""

    name: str
    client: httpx.Client
    patience: Patience
    secrets: tuple[str, ...] = ()

    def get(self, path: str, params: Mapping[str, str]) -> Answer:
        """The answer, whatever its status but 408, 429 and 5xx. Raises RetryError for those."""
        return self.patience.call(lambda: self._once(path, params))

    def _once(self, path: str, params: Mapping[str, str]) -> Answer:
        try:
            response = self.client.get(path, params=params)
        except httpx.HTTPError as error:
            where = self.client.base_url.host
            raise RetryError(f"{self.name}: {where} failed ({type(error).__name__})") from None
        text = shown(response.text, self.secrets)
        if response.status_code in (408, 429) or response.is_server_error:
            wait = retry_after(response.headers.get("retry-after"), response.headers.get("date"))
            raise BusyError(f"{self.name}: HTTP {response.status_code} {text}".rstrip(), wait)
        try:
            body = json.loads(response.text)
        except json.JSONDecodeError:
            if response.is_success:
                raise BusyError(f"{self.name}: the answer is not JSON: {text}") from None
            body = None
        return Answer(response.status_code, body, text)


@contextmanager
def asking(
    name: str, base_url: str, patience: Patience, headers: Mapping[str, str], *secrets: str
) -> Iterator[Asker]:
    """An Asker whose connection is closed at the end."""
    with httpx.Client(base_url=base_url, headers=dict(headers), timeout=_TIMEOUT_S) as client:
        yield Asker(name, client, patience, secrets)


@contextmanager
def understood(name: str, what: str) -> Iterator[None]:
    """Turns a body of the wrong shape into a RefuseError."""
    try:
        yield
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        kind = type(error).__name__
        raise RefuseError(
            f"{name}: {what} came in a shape not known here ({kind} {error})"
        ) from error


def shown(text: str, secrets: tuple[str, ...] = ()) -> str:
    """The beginning of a foreign text on one line, with every secret struck out."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "***")
    return " ".join(text.split())[:_SHOWN]
