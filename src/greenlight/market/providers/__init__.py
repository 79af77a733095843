"""Where bars come from: one port, an adapter for each source."""

from greenlight.market.providers.port import BarRequest, Capabilities, Page, Provider
from greenlight.market.providers.registry import PROVIDERS, provider
from greenlight.market.providers.retrying import Patience
from greenlight.market.providers.settings import ProviderSettings

__all__ = [
    "PROVIDERS",
    "BarRequest",
    "Capabilities",
    "Page",
    "Patience",
    "Provider",
    "ProviderSettings",
    "provider",
]
