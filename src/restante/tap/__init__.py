"""Listens in on a session: between a client and a server."""

from restante.tap.hearers import Hearers
from restante.tap.loops import leads_back
from restante.tap.proxy import FINISH_SECONDS, IDLE_SECONDS, MOST_SESSIONS, Observe, Proxy, run

__all__ = [
    "FINISH_SECONDS",
    "IDLE_SECONDS",
    "MOST_SESSIONS",
    "Hearers",
    "Observe",
    "Proxy",
    "leads_back",
    "run",
]
