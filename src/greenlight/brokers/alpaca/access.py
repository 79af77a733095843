"""The keys of an account as they are now: where they are refused, others are asked for."""

from dataclasses import replace

from greenlight.brokers.alpaca.settings import AlpacaSettings
from greenlight.domain import UserError

#: Key and secret.
Pair = tuple[str, str]


class Access:
    """What requests and streams of one account log in with."""

    def __init__(self, settings: AlpacaSettings) -> None:
        self._settings = settings

    @property
    def pair(self) -> Pair:
        """Key and secret, as they are now."""
        return self._settings.key, self._settings.secret

    async def renewed(self, refused: Pair) -> bool:
        """Whether there are others than those that were refused; it is looked once."""
        renew = self._settings.renew
        if self.pair == refused and renew is not None and (found := await renew()) is not None:
            try:
                self._settings = replace(self._settings, key=found[0], secret=found[1])
            except UserError:
                return False  # what was stored is no key
        return self.pair != refused
