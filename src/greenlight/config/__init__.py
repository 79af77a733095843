"""What the user set: greenlight.toml, environment, command line; checked once, then frozen."""

from greenlight.config.costs import AssetCosts, CostsConfig, RegulatoryFee
from greenlight.config.keys import (
    Keyring,
    Purpose,
    paper_keys,
    passphrase_of,
    store_of,
    variables,
)
from greenlight.config.keystore import Credentials, KeyStore
from greenlight.config.layers import ENV_PREFIX, FILE_NAME, Resolved, load, parse_assignments
from greenlight.config.limits import ExecutionConfig, LimitsConfig
from greenlight.config.live import (
    AlpacaBroker,
    ApprovalConfig,
    BrokerConfig,
    LedgerConfig,
    LiveConfig,
    OrdersConfig,
)
from greenlight.config.sections import (
    AccountConfig,
    BacktestConfig,
    Config,
    DataConfig,
    ProvidersConfig,
    StrategiesConfig,
)

__all__ = [
    "ENV_PREFIX",
    "FILE_NAME",
    "AccountConfig",
    "AlpacaBroker",
    "ApprovalConfig",
    "AssetCosts",
    "BacktestConfig",
    "BrokerConfig",
    "Config",
    "CostsConfig",
    "Credentials",
    "DataConfig",
    "ExecutionConfig",
    "KeyStore",
    "Keyring",
    "LedgerConfig",
    "LimitsConfig",
    "LiveConfig",
    "OrdersConfig",
    "ProvidersConfig",
    "Purpose",
    "RegulatoryFee",
    "Resolved",
    "StrategiesConfig",
    "load",
    "paper_keys",
    "parse_assignments",
    "passphrase_of",
    "store_of",
    "variables",
]
