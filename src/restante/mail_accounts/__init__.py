"""The accounts of the mail program: the file that holds them, their secrets, and how their servers are found."""

__all__: list[str] = []
