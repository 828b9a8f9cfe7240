"""The POP3 server: connections, sessions, listeners, workers. Import from the modules."""

__all__: list[str] = []
