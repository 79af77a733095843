"""Where Alpaca is, who asks, and which addresses keys may be sent to."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from greenlight.domain import RefuseError, UserError

PAPER = "paper-api.alpaca.markets"
LIVE = "api.alpaca.markets"
_DATA = ("data.alpaca.markets", "data.sandbox.alpaca.markets")
_STREAM = ("stream.data.alpaca.markets", "stream.data.sandbox.alpaca.markets")
_STANDARD_PORT = 443


@dataclass(frozen=True, slots=True)
class AlpacaSettings:
    """Addresses, keys and time limits of one account.

    trading_url and trading_stream_url take the paper host or a loopback address, nothing else;
    an `arming_token` opens the live host besides. feed: ``iex`` or ``sip``, for equities.
    timeout_s: of each request as a whole. silence_s: a stream of quotes that tells nothing for so
    long counts as broken. renew: looks for other keys once these are refused, None where there are
    none.
    Raises RefuseError for an address that keys must not be sent to, UserError for missing keys or
    an unknown feed.
    """

    key: str = field(repr=False)
    secret: str = field(repr=False)
    trading_url: str = f"https://{PAPER}"
    data_url: str = "https://data.alpaca.markets"
    trading_stream_url: str = f"wss://{PAPER}/stream"
    data_stream_url: str = "wss://stream.data.alpaca.markets"
    feed: str = "iex"
    timeout_s: float = 10.0
    silence_s: float = 120.0
    arming_token: str | None = field(default=None, repr=False)
    renew: Callable[[], Awaitable[tuple[str, str] | None]] | None = field(
        default=None, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        """Check everything before anything is sent anywhere."""
        for name, value in (("key", self.key), ("secret", self.secret)):
            if not value or not value.isascii() or not value.isprintable() or " " in value:
                raise UserError(
                    f"the Alpaca {name} is missing or not a key: set APCA_API_KEY_ID and "
                    "APCA_API_SECRET_KEY, or store them with: greenlight keys"
                )
        if self.feed not in ("iex", "sip"):
            raise UserError(f"[broker.alpaca] feed = {self.feed!r}: choose iex or sip")
        trading = (PAPER, LIVE) if self.arming_token else (PAPER,)
        orders = _checked("trading_url", self.trading_url, "http", trading)
        reports = _checked("trading_stream_url", self.trading_stream_url, "ws", trading)
        _checked("data_url", self.data_url, "http", _DATA)
        _checked("data_stream_url", self.data_stream_url, "ws", _STREAM)
        if orders.hostname != reports.hostname and not (
            _is_loopback(orders.hostname) and _is_loopback(reports.hostname)
        ):
            raise RefuseError(
                "[broker.alpaca] trading_url and trading_stream_url are of different accounts: "
                f"{orders.hostname} and {reports.hostname}"
            )

    @property
    def is_local(self) -> bool:
        """Whether orders go to this machine; then the venue's clock may run faster."""
        return _is_loopback(urlsplit(self.trading_url).hostname)


def base(url: str) -> str:
    """An address without the version that Alpaca's own pages write behind it."""
    return url.rstrip("/").removesuffix("/v2")


def _checked(name: str, url: str, scheme: str, hosts: tuple[str, ...]) -> SplitResult:
    """The parts of an address of one of `hosts` (encrypted) or of this machine."""
    parts = _parts(name, url)
    local = _is_loopback(parts.hostname)
    if parts.scheme != f"{scheme}s" and not (local and parts.scheme == scheme):
        raise RefuseError(f"[broker.alpaca] {name} must begin with {scheme}s://")
    if not local and (parts.hostname not in hosts or parts.port not in (None, _STANDARD_PORT)):
        hint = "; the live host needs an arming token" if parts.hostname == LIVE else ""
        raise RefuseError(
            f"[broker.alpaca] {name} must be {hosts[0]} or a loopback address, "
            f"not {parts.hostname or 'nothing'}{hint}"
        )
    return parts


def _parts(name: str, url: str) -> SplitResult:
    if any(not "!" <= letter <= "~" or letter in "\\@?#" for letter in url):
        raise RefuseError(
            f"[broker.alpaca] {name}: an address without credentials, query or blanks is needed"
        )
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - reading it is what checks it
    except ValueError:
        raise RefuseError(f"[broker.alpaca] {name} is not an address") from None
    return parts


def _is_loopback(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return host is not None and ip_address(host).is_loopback
    except ValueError:
        return False
