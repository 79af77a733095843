"""[broker] to a broker and a feed; keys come from the environment or the key store alone."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from greenlight.config import AlpacaBroker, Config, Keyring
from greenlight.domain import UserError
from greenlight.live import Broker, Feed
from greenlight.wiring.ledgers import ledger_folder

if TYPE_CHECKING:
    from greenlight.brokers.alpaca import AlpacaSettings
    from greenlight.brokers.ccxt import CcxtSettings

_ALPACA_DATA_STREAM = "wss://stream.data.alpaca.markets"
#: Told of keys that were found while the bot runs, before they are used.
Learn = Callable[[str, str], None]


def open_broker(
    config: Config,
    environment: Mapping[str, str],
    symbols: Sequence[str] = (),
    learn: Learn | None = None,
) -> Broker:
    """The broker of [broker], a paper account. Raises UserError for the simulated one, which lives
    in the process of its bot, and where keys are missing."""
    match config.broker.name:
        case "alpaca":
            from greenlight.brokers.alpaca import AlpacaBroker as Adapter

            return Adapter(alpaca_settings(config, environment, learn))
        case "ccxt":
            from greenlight.brokers.ccxt import CcxtBroker

            return CcxtBroker(ccxt_settings(config, environment, symbols))
        case "simulated":
            raise UserError(
                "the simulated broker has no account outside of its bot; "
                "set broker.name to alpaca or ccxt"
            )


def open_feed(
    config: Config,
    environment: Mapping[str, str],
    symbols: Sequence[str],
    now: Callable[[], int],
    learn: Learn | None = None,
) -> Feed:
    """Whose prices: the broker's own, Alpaca's for the simulated one."""
    name = config.broker.feed
    if name == "auto":
        name = "ccxt" if config.broker.name == "ccxt" else "alpaca"
    if name == "ccxt":
        from greenlight.brokers.ccxt import CcxtFeed, CcxtSettings

        chosen = config.broker.ccxt
        return CcxtFeed(CcxtSettings(chosen.exchange, tuple(symbols), rest_url=chosen.url), now)
    from greenlight.brokers.alpaca import AlpacaFeed

    return AlpacaFeed(alpaca_settings(config, environment, learn), now)


def alpaca_settings(
    config: Config, environment: Mapping[str, str], learn: Learn | None = None
) -> "AlpacaSettings":
    """Addresses and keys, which are looked for again once they are refused.

    Raises UserError where a key is missing, RefuseError for an address that keys must not be sent
    to.
    """
    from greenlight.brokers.alpaca import AlpacaSettings

    chosen = config.broker.alpaca
    ring = Keyring("alpaca", ledger_folder(config), environment)
    known = ring.current()
    return AlpacaSettings(
        key=known.key,
        secret=known.secret,
        renew=_renewing(ring, learn),
        trading_url=chosen.trading_url,
        data_url=chosen.data_url,
        trading_stream_url=chosen.trading_stream_url or _stream(chosen.trading_url, "/stream"),
        data_stream_url=chosen.data_stream_url or _data_stream(chosen),
        feed=chosen.feed,
        silence_s=config.live.silence.total_seconds(),
    )


def _renewing(
    ring: Keyring, learn: Learn | None
) -> Callable[[], Awaitable[tuple[str, str] | None]]:
    async def renew() -> tuple[str, str] | None:
        if not await asyncio.to_thread(ring.refresh):  # a passphrase takes its time
            return None
        found = ring.current()
        if learn is not None:
            learn(found.key, found.secret)
        return found.key, found.secret

    return renew


def ccxt_settings(
    config: Config, environment: Mapping[str, str], symbols: Sequence[str]
) -> "CcxtSettings":
    """An exchange's sandbox. Raises UserError where a key is missing."""
    from greenlight.brokers.ccxt import CcxtSettings

    chosen = config.broker.ccxt
    key, secret = keys(chosen.exchange, config, environment)
    return CcxtSettings(
        chosen.exchange,
        tuple(symbols),
        key=key,
        secret=secret,
        is_sandbox=chosen.sandbox,
        rest_url=chosen.url,
    )


def keys(venue: str, config: Config, environment: Mapping[str, str]) -> tuple[str, str]:
    """Key and secret of a venue: the environment's before the key store's."""
    from greenlight.config import paper_keys

    folder = ledger_folder(config)
    return paper_keys(venue, environment, folder)


def _stream(url: str, path: str) -> str:
    """The websocket beside an address."""
    parts = urlsplit(url)
    return f"{parts.scheme.replace('http', 'ws', 1)}://{parts.netloc}{path}"


def _data_stream(chosen: AlpacaBroker) -> str:
    """Alpaca's own, or that of the address that prices come from."""
    if urlsplit(chosen.data_url).hostname == "data.alpaca.markets":
        return _ALPACA_DATA_STREAM
    return _stream(chosen.data_url, "")


def secrets(config: Config, environment: Mapping[str, str]) -> tuple[str, ...]:
    """What must never reach a log: the keys in use, if there are any."""
    venue = config.broker.ccxt.exchange if config.broker.name == "ccxt" else "alpaca"
    try:
        return keys(venue, config, environment)
    except UserError:
        return ()
