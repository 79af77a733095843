"""Which exchange, whose keys, and where they may be sent."""

from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

from greenlight.domain import RefuseError, UserError

EXCHANGES = ("binance", "coinbase", "kraken")
_SANDBOXES = ("binance",)


@dataclass(frozen=True, slots=True)
class CcxtSettings:
    """One account, or with no keys only its market data.

    instruments: every symbol of the run as ccxt writes it (``BTC/USDT``), in the order of the run;
    all of one quote currency, which is the account's cash. rest_url: a loopback address instead of
    the exchange's own; stream_url: that of its websockets, if it is another. Without `arming_token`
    keys go to a sandbox or to a loopback address, nowhere else. timeout_s: of each request as a
    whole.
    Raises UserError for what cannot be used, RefuseError for an address keys must not be sent to.
    """

    exchange: str
    instruments: tuple[str, ...]
    key: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    is_sandbox: bool = True
    rest_url: str = ""
    stream_url: str = ""
    timeout_s: float = 10.0
    arming_token: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Check everything before anything is sent anywhere."""
        if self.exchange not in EXCHANGES:
            known = ", ".join(EXCHANGES)
            raise UserError(f"[broker.ccxt] exchange = {self.exchange!r}: choose one of {known}")
        quotes = {symbol.partition("/")[2] for symbol in self.instruments}
        if len(quotes) != 1 or "" in quotes or ":" in "".join(quotes):
            raise UserError(
                "[broker.ccxt] the symbols must be spot pairs of one quote currency, as BTC/USDT; "
                f"these are {', '.join(self.instruments) or 'none'}"
            )
        if bool(self.key) != bool(self.secret):
            raise UserError(f"{self.exchange}: of key and secret one is missing")
        for name, url in (("rest_url", self.rest_url), ("stream_url", self.stream_url)):
            if url and not _is_loopback(urlsplit(url).hostname):
                raise RefuseError(f"[broker.ccxt] {name} must be a loopback address, not {url}")
        if self.stream_url and not self.rest_url:
            raise UserError("[broker.ccxt] stream_url without rest_url: give both or neither")
        if self.key and not self.is_local:
            self._check_armed()

    @property
    def is_local(self) -> bool:
        """Whether orders go to this machine."""
        return bool(self.rest_url)

    @property
    def streams_at(self) -> str:
        """Where websockets answer, if not at the exchange's own address."""
        return self.stream_url or self.rest_url.replace("http", "ws", 1)

    @property
    def quote(self) -> str:
        """The currency that is the account's cash."""
        return self.instruments[0].partition("/")[2]

    def _check_armed(self) -> None:
        if self.is_sandbox and self.exchange not in _SANDBOXES:
            raise UserError(
                f"{self.exchange} has no sandbox for ccxt: paper trade with the simulated exchange"
            )
        if not self.is_sandbox and not self.arming_token:
            raise RefuseError(f"{self.exchange}: real money needs an arming token")


def _is_loopback(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return host is not None and ip_address(host).is_loopback
    except ValueError:
        return False
