"""POP3 itself, pure: octets in, events and octets out. No I/O, no clock, no chance. Import from the modules."""

__all__: list[str] = []
