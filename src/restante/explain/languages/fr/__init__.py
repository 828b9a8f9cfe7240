"""What explain says in French, français."""

__all__: list[str] = []
