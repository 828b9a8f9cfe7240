"""The client's end of POP3: one logic, a face for asyncio and one for blocking code."""

__all__: list[str] = []
