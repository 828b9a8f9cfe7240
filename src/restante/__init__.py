"""Restante: a POP3 mail system that holds mail until it is called for."""

__version__ = "0.1.0"

__all__ = ["__version__"]
