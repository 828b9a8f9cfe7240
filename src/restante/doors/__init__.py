"""What stands between a socket and a session at every door, whatever is spoken there. Import from the modules.

Who may come in, TLS, a proxy's header, how a password may cross the line, who is inside. Nothing here knows POP3 or
SMTP: `server` and `delivery` do.
"""

__all__: list[str] = []
