"""Providers by name. Each is imported only when asked for: their libraries are heavy."""

from collections.abc import Iterator
from contextlib import contextmanager

from greenlight.domain import UserError
from greenlight.market.names import nearest
from greenlight.market.providers.port import Provider
from greenlight.market.providers.settings import ProviderSettings

PROVIDERS = ("alpaca", "ccxt", "files", "polygon", "yahoo")


def provider(name: str, settings: ProviderSettings) -> Provider:
    """The provider of that name. Raises UserError naming the nearest, or the package to install."""
    match name:
        case "alpaca":
            with _extra("alpaca"):
                from greenlight.market.providers.alpaca import Alpaca
            return Alpaca(settings)
        case "ccxt":
            with _extra("ccxt"):
                from greenlight.market.providers.ccxt import Ccxt
            return Ccxt(settings)
        case "files":
            from greenlight.market.providers.files import Files

            return Files(settings)
        case "polygon":
            from greenlight.market.providers.polygon import Polygon

            return Polygon(settings)
        case "yahoo":
            from greenlight.market.providers.yahoo import Yahoo

            return Yahoo(settings)
        case _:
            raise UserError(f"unknown provider {name}: {nearest(name, PROVIDERS)}")


@contextmanager
def _extra(extra: str) -> Iterator[None]:
    """Says which extra brings a package that is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise UserError(
            f"provider {extra} needs a package that is not installed ({error.name}): "
            f"pip install 'greenlight[{extra}]'"
        ) from error
