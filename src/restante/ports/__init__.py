"""Contracts between the floors, and nothing else: stores, accounts, events. Import from the modules."""

__all__: list[str] = []
