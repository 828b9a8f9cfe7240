"""What can go wrong while mail is handed in, as types with a line that ends with what to do.

A recipient that is refused while others are taken is no fault of the session: `submit.Submitted` tells of it.
Sources: RFC 5321 §4.2.1 (4yz may pass, 5yz will not), RFC 4954 §6.
"""

from __future__ import annotations

from restante.client.faults import Phase

__all__ = ["MessageFault", "SubmissionFault"]


class SubmissionFault(Exception):
    """A message was not taken. `temporary` tells whether the same can succeed later."""

    def __init__(
        self, message: str, *, server: str, phase: Phase, temporary: bool, code: int | None = None
    ) -> None:
        super().__init__(message)
        self.server = server
        """`host:port`."""
        self.phase = phase
        self.temporary = temporary
        self.code = code
        """The reply's code; None where the server said nothing."""


class MessageFault(ValueError):
    """Ours: what is to be sent cannot be: an address, a field, or no recipient at all. Nothing was sent."""
