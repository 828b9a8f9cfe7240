"""The settings model and its loader: one name for each setting in the file, the environment and the flags."""

from restante.config.address import Address, TcpAddress, UnixAddress, parse_address
from restante.config.loading import CONFIG_VARIABLE, DEFAULT_CONFIG, ConfigError, load_settings
from restante.config.settings import (
    AuthSettings,
    BareLineEnds,
    DeliverySettings,
    LimitSettings,
    LogEvents,
    LogFormat,
    LogSettings,
    Settings,
)
from restante.config.table import SETTINGS, Setting

__all__ = [
    "CONFIG_VARIABLE",
    "DEFAULT_CONFIG",
    "SETTINGS",
    "Address",
    "AuthSettings",
    "BareLineEnds",
    "ConfigError",
    "DeliverySettings",
    "LimitSettings",
    "LogEvents",
    "LogFormat",
    "LogSettings",
    "Setting",
    "Settings",
    "TcpAddress",
    "UnixAddress",
    "load_settings",
    "parse_address",
]
