"""The way to the processes of a running server, for the commands that ask it or watch it: its control sockets."""

from __future__ import annotations

import socket
from pathlib import Path

from restante.cli.data_folder import existing_data_folder
from restante.cli.options import settings_of
from restante.cli.outcome import CommandFailed

__all__ = ["nobody_serves", "reach", "reason_of", "served_folder"]


def served_folder(config: Path | None, data: str | None) -> Path:
    """Give the data folder that the settings name. Raises CommandFailed, ConfigError."""
    settings = settings_of(config, data)
    existing_data_folder(settings.data)
    return settings.data


def reach(path: Path, data: Path, seconds: float) -> socket.socket | None:
    """Connect to a process by its control socket; None: it has ended. Raises CommandFailed, OSError."""
    from restante.server.control import connect

    try:
        return connect(path, seconds)
    except (ConnectionRefusedError, FileNotFoundError):
        return None
    except PermissionError:
        raise CommandFailed(
            f"{path}: you may not ask the server: run the command as the user who owns {data}"
        ) from None


def nobody_serves(data: Path) -> CommandFailed:
    """Make the failure of a command that found no server."""
    return CommandFailed(
        f"no server serves {data}: start one with 'restante serve', or name its data folder with --data"
    )


def reason_of(error: Exception) -> str:
    """Tell in a few words why it went wrong."""
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()
