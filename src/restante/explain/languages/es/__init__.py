"""What explain says in Spanish, español."""

__all__: list[str] = []
