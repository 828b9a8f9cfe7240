"""A session told in plain words: events in, sentences out. Pure, like all of floor 0. Import from the modules."""

__all__: list[str] = []
