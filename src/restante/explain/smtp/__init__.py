"""SMTP and LMTP, told as POP3 is: from octets to events, and from events to a story."""

__all__: list[str] = []
