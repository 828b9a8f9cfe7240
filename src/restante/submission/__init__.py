"""Mail on its way out, by SMTP submission; what cannot go yet waits in the outbox."""

__all__: list[str] = []
