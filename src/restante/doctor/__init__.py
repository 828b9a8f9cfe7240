"""Tests any POP3 server and says in plain words what is wrong, and what to do."""

__all__: list[str] = []
