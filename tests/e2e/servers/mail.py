"""The mail that a server of others gets: what it takes to see the dots, the last line, and a longer message."""

from __future__ import annotations

from typing import Final

__all__ = ["MAIL"]


def _message(number: int, subject: str, body: bytes) -> bytes:
    head = (
        *("From: a@example.org", "To: ted@example.org", f"Subject: {subject}"),
        *(f"Message-ID: <{number}@example.org>", "", ""),
    )
    return "\r\n".join(head).encode() + body


MAIL: Final = (
    _message(1, "dots", b".starts with a dot\r\n..and with two\r\n.\r\n"),
    _message(2, "no line end", b"two lines\r\nno end"),
    _message(3, "longer", b"A line of some length.\r\n" * 4000),
)
