"""Sections of the live engine: how it waits, whom it trades with, where it writes, whom it asks."""

from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from greenlight.config.fields import Duration, Money, Section, Share
from greenlight.domain import Timeframe

#: how often something may happen a minute
Rate = Annotated[int, Field(ge=1, le=10_000)]


class LiveConfig(Section):
    """[live]: how the bot waits for the world, and when it stops trusting it."""

    timeframe: Timeframe = Timeframe.H1
    """length of a bar of live data"""
    clock: Literal["auto", "world", "broker"] = "auto"
    """whose time it is; auto: the broker's where it answers on this machine, else the world's"""
    bar_delay: Duration = timedelta(seconds=2)
    """how long after its close a bar is waited for at least"""
    bar_grace: Duration = timedelta(seconds=30)
    """and at most: what has not come by then is missing"""
    silence: Duration = timedelta(minutes=2)
    """a feed silent for this long in a session is dead: entries stop, it is connected anew"""
    clock_skew: Duration = timedelta(seconds=5)
    """entries stop when the broker's clock and this machine's differ by more"""
    reconcile: Duration = timedelta(hours=1)
    """how often book and broker are compared, beside start and fills"""
    beat: Duration = timedelta(seconds=30)
    """how often a sign of life is written"""
    verdict_deadline: Duration = timedelta(seconds=10)
    """entries go on without a verdict that comes later"""
    history: Annotated[int, Field(ge=1)] = 500
    """bars of each symbol that strategies are warmed with before the first decision"""
    metrics_port: Annotated[int, Field(ge=0, le=65_535)] = 0
    """/metrics, /healthz and /readyz on this port of this machine; 0: off"""
    least_disk: Annotated[int, Field(ge=0)] = 200
    """megabytes that must be free beside the database"""


class OrdersConfig(Section):
    """[orders]: how orders are worked at the broker, and what counts as an anomaly."""

    entry: Literal["limit-first", "market"] = "limit-first"
    """an entry at the market is tried as a limit at the touch first"""
    entry_timeout: Duration = timedelta(seconds=30)
    """for this long; then what is left is bought at the market"""
    exposure: Duration = timedelta(seconds=20)
    """how long a position may be without a stop that rests"""
    confirm: Duration = timedelta(seconds=5)
    """an order without word for this long is asked for"""
    attempts: Annotated[int, Field(ge=1, le=100)] = 5
    """tries of a request before you are alerted"""
    stop_limit_offset: Share = 0.05
    """how far beyond its trigger the limit of a stop-limit lies (crypto)"""
    per_minute: Rate = 30
    """more orders a minute are an anomaly: entries halt"""
    rejected: Share = 0.2
    """so is a larger share of orders refused"""
    errors_per_minute: Rate = 20
    """and so are more failed requests"""
    drift_cash: Share = 0.002
    """a difference in cash up to this share of equity is adopted, not feared"""
    drift_quantity: Share = 0.005
    """and one in a position up to this share of it"""
    pnl_unexplained: Share = 0.02
    """equity that moves by this share without prices or fills is an anomaly"""


class AlpacaBroker(Section):
    """[broker.alpaca]: only the paper host or this machine, until live is armed. Keys:
    APCA_API_KEY_ID and APCA_API_SECRET_KEY, or `greenlight keys`."""

    trading_url: str = "https://paper-api.alpaca.markets"
    """where orders go"""
    data_url: str = "https://data.alpaca.markets"
    """where prices come from"""
    trading_stream_url: str = ""
    """websocket of order updates; empty: that of `trading_url`"""
    data_stream_url: str = ""
    """websocket of prices; empty: that of `data_url`, or Alpaca's own"""
    feed: Literal["iex", "sip"] = "iex"
    """`iex` is free and sees some 2 % of the volume, `sip` sees all"""


class CcxtBroker(Section):
    """[broker.ccxt]: a crypto exchange, in its sandbox."""

    exchange: str = "kraken"
    """id by which ccxt knows the exchange"""
    sandbox: bool = True
    """the exchange's own test venue"""
    url: str = ""
    """where it answers; empty: its own address"""


class BrokerConfig(Section):
    """[broker]: who carries orders out."""

    name: Literal["simulated", "alpaca", "ccxt"] = "simulated"
    """`simulated`: in process; `alpaca`: its paper account; `ccxt`: an exchange's sandbox"""
    feed: Literal["auto", "alpaca", "ccxt"] = "auto"
    """whose prices; auto: the broker's own, or for the simulated one alpaca's"""
    account: str = "paper"
    """a name for the account of the simulated broker; others tell their own"""
    alpaca: AlpacaBroker = AlpacaBroker()
    ccxt: CcxtBroker = CcxtBroker()


class LedgerConfig(Section):
    """[ledger]: where everything is written down."""

    url: str = "sqlite:///greenlight.db"
    """a file, or postgresql://user@host/database"""
    key: str = ""
    """file of the key that seals the journal; empty: beside the database"""


class ApprovalConfig(Section):
    """[approval]: which entries wait for a person."""

    notional: Money = Decimal(500)
    """from this size on, or `share` of equity if that is larger"""
    share: Share = 0.02
    """of equity"""
    strict: bool = False
    """`notional` alone, flat"""
    expires: Duration = timedelta(minutes=15)
    """an entry nobody answered for is dropped"""
    practise: bool = False
    """ask in paper trading too"""
