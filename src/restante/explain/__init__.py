"""A session told in plain English: events in, sentences out. Pure, like all of floor 0."""

__all__: list[str] = []
