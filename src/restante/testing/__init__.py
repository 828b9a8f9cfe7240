"""For tests of Restante and of what is added to it: the contract of stores, and faults. Import from the modules."""

__all__: list[str] = []
