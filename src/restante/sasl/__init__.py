"""SASL, pure: one mechanism a file with both its sides, the registry that knows them all, and the lines of AUTH.

Import from the modules: who asks for a term of it has no use for every mechanism.
"""

__all__: list[str] = []
