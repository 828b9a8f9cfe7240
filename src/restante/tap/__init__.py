"""Listens in on a session: between a client and a server, or at a running server."""

__all__: list[str] = []
