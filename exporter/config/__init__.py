"""One typed configuration from a YAML file, the environment and flags; every error at once."""

from exporter.config.loading import Loaded, Overrides, load
from exporter.config.models import (
    Account,
    BalancePolling,
    Budget,
    Config,
    Credentials,
    LabelsConfig,
    LedgerConfig,
    LogConfig,
    Web,
)
from exporter.config.problems import (
    ConfigError,
    InvalidConfigError,
    Problem,
    UnreadableConfigError,
)
from exporter.config.rendering import render
from exporter.config.values import listen_address
from exporter.secrets import Secret


__all__ = [
    "Account",
    "BalancePolling",
    "Budget",
    "Config",
    "ConfigError",
    "Credentials",
    "InvalidConfigError",
    "LabelsConfig",
    "LedgerConfig",
    "Loaded",
    "LogConfig",
    "Overrides",
    "Problem",
    "Secret",
    "UnreadableConfigError",
    "Web",
    "listen_address",
    "load",
    "render",
]
