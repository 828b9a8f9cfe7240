"""Stores: where mail lies until it is called for. Import from the modules: each brings only what it needs."""

__all__: list[str] = []
