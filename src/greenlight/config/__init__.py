"""What the user set: greenlight.toml, environment, command line; checked once, then frozen."""

from greenlight.config.costs import AssetCosts, CostsConfig, RegulatoryFee
from greenlight.config.layers import ENV_PREFIX, FILE_NAME, Resolved, load, parse_assignments
from greenlight.config.limits import ExecutionConfig, LimitsConfig
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
    "AssetCosts",
    "BacktestConfig",
    "Config",
    "CostsConfig",
    "DataConfig",
    "ExecutionConfig",
    "LimitsConfig",
    "ProvidersConfig",
    "RegulatoryFee",
    "Resolved",
    "StrategiesConfig",
    "load",
    "parse_assignments",
]
