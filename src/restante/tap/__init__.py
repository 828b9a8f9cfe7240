"""Listens in on a session: between a client and a server."""

from restante.tap.hearers import Hearers
from restante.tap.proxy import IDLE_SECONDS, MOST_SESSIONS, Observe, Proxy, run

__all__ = ["IDLE_SECONDS", "MOST_SESSIONS", "Hearers", "Observe", "Proxy", "run"]
