"""The options that every command has, and the settings that come of them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from restante.config import DEFAULT_CONFIG, Settings, load_settings

__all__ = [
    "AccountName",
    "ConfigOption",
    "DataOption",
    "JsonOption",
    "settings_of",
]

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help=f"TOML file with the settings. Default: $RESTANTE_CONFIG, else {DEFAULT_CONFIG} if it exists.",
        show_default=False,
    ),
]
DataOption = Annotated[
    str | None,
    typer.Option(
        "--data",
        metavar="DIR",
        help="Folder that holds the accounts, the sealing key and the maildrops. Default: as the settings say, "
        "else /var/lib/restante for root, and $XDG_DATA_HOME/restante or ~/.local/share/restante for others.",
        show_default=False,
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", metavar="", help="Answer in JSON, with keys that stay the same.")
]
AccountName = Annotated[
    str, typer.Argument(metavar="NAME", help="Name of the account: ted, or ted@example.org.", show_default=False)
]


def settings_of(
    config: Path | None, data: str | None, flags: Mapping[str, str | Sequence[str]] | None = None
) -> Settings:
    """Put the settings together for a command. Raises ConfigError."""
    given = dict(flags or {})
    if data is not None:
        given["data"] = data
    return load_settings(config, os.environ, given)
