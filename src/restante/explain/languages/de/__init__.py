"""What explain says in German, Deutsch."""

__all__: list[str] = []
