"""Where fetched mail goes: a file for each kind of destination."""

__all__: list[str] = []
