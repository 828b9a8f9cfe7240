"""What explain says in English: the measure for the other languages."""

__all__: list[str] = []
