"""What a provider is told when it is built."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from greenlight.domain import UserError
from greenlight.market.bars import Adjustment
from greenlight.market.providers.retrying import Patience


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """Settings of a provider; each reads those that concern it.

    `base_url`: where it answers, empty for its own address. `exchange`: ccxt's id of one. `feed`:
    Alpaca's, iex or sip. `path` and `adjustment`: a file or folder of bars and what is declared of
    its prices. `environment`: variables to look keys up in (never shown).
    """

    base_url: str = ""
    exchange: str = ""
    feed: str = "iex"
    path: str = ""
    adjustment: Adjustment = Adjustment.RAW
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    patience: Patience = field(default_factory=Patience)

    def key(self, provider: str, *names: str) -> str:
        """The first of these variables that is set. Raises UserError naming them when none is."""
        for name in names:
            value = self.environment.get(name, "").strip()
            if value:
                return value
        raise UserError(f"{provider} needs a key: set {' or '.join(names)} in the environment")
