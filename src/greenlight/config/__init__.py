"""What the user set: greenlight.toml, environment, command line; checked once, then frozen."""

from greenlight.config.costs import AssetCosts, CostsConfig, RegulatoryFee
from greenlight.config.layers import ENV_PREFIX, FILE_NAME, Resolved, load, parse_assignments
from greenlight.config.limits import ExecutionConfig, LimitsConfig
from greenlight.config.live import (
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
    "ApprovalConfig",
    "AssetCosts",
    "BacktestConfig",
    "BrokerConfig",
    "Config",
    "CostsConfig",
    "DataConfig",
    "ExecutionConfig",
    "LedgerConfig",
    "LimitsConfig",
    "LiveConfig",
    "OrdersConfig",
    "ProvidersConfig",
    "RegulatoryFee",
    "Resolved",
    "StrategiesConfig",
    "load",
    "parse_assignments",
]
