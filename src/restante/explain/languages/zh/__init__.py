"""What explain says in Chinese, 中文."""

__all__: list[str] = []
