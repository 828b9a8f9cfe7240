"""Mail fetched from other servers into maildrops, folders and mail servers, with nothing lost and nothing twice."""

__all__: list[str] = []
