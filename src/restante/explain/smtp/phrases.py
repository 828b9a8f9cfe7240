"""What is said of SMTP and LMTP, by name: each language says it in its folder under `languages`.

As in `explain.phrases`: placeholders stand in braces and are the same in all languages, and words of the protocol
are not translated. What both protocols have in common is said by the phrases there.
"""

from __future__ import annotations

from enum import Enum, auto, unique

__all__ = ["SmtpLesson", "SmtpPhrase"]


class SmtpPhrase(Enum):
    """A sentence or a word. What stands in braces is told at each."""

    CHAPTER_ENVELOPE = auto()

    # --- the client
    SAYS_HELLO = auto()
    """{name}: as the client calls itself."""
    SAYS_MAIL = auto()
    """{address}."""
    SAYS_MAIL_OCTETS = auto()
    """{address}, {octets}."""
    SAYS_MAIL_NOBODY = auto()
    """The null reverse-path."""
    SAYS_RCPT = auto()
    """{address}."""
    SAYS_DATA = auto()
    SAYS_RSET = auto()
    SAYS_VRFY = auto()
    SAYS_HELP = auto()
    MESSAGE_GIVEN = auto()
    """{octets}, {lines}."""
    MESSAGE_GIVEN_OCTETS = auto()
    """{octets}."""
    MESSAGE_NOT_SHOWN = auto()
    MESSAGE_CUT = auto()
    """{octets}."""

    # --- the server, where all is well
    GREETS = auto()
    ANSWERS_HELLO = auto()
    ANSWERS_EXTENSIONS = auto()
    """{names}: parted by commas."""
    ANSWERS_STARTTLS = auto()
    ANSWERS_LOGIN = auto()
    ANSWERS_MAIL = auto()
    ANSWERS_RCPT = auto()
    ANSWERS_DATA = auto()
    ANSWERS_MESSAGE = auto()
    ANSWERS_RSET = auto()
    ANSWERS_QUIT = auto()
    ANSWERS_WELL = auto()
    """Any other good reply."""

    # --- the server, where something is not well. {text} is what it said.
    GREETS_BADLY = auto()
    CLOSES = auto()
    """421."""
    REFUSES_LOGIN = auto()
    REFUSES_TLS = auto()
    REFUSES_SENDER = auto()
    REFUSES_RECIPIENT = auto()
    REFUSES_RECIPIENT_FOR_NOW = auto()
    REFUSES_MESSAGE = auto()
    REFUSES_MESSAGE_FOR_NOW = auto()
    REFUSES = auto()
    REFUSES_FOR_NOW = auto()
    SAYS_UNASKED = auto()

    # --- the end
    CLOSED_EARLY = auto()
    """Before QUIT was answered."""


@unique
class SmtpLesson(Enum):
    """What one learns at a place of a session. The value is the source."""

    GREETING = "RFC 5321 §3.1"
    HELLO = "RFC 5321 §4.1.1.1"
    STARTTLS = "RFC 3207 §4"
    AUTH = "RFC 4954 §4"
    MAIL = "RFC 5321 §4.1.1.2"
    RCPT = "RFC 5321 §4.1.1.3"
    DATA = "RFC 5321 §4.1.1.4"
    MESSAGE = "RFC 5321 §4.5.2"
    TAKEN = "RFC 5321 §6.1"
    LATER = "RFC 5321 §4.2.1 (4yz)"
    NEVER = "RFC 5321 §4.2.1 (5yz)"
    QUIT = "RFC 5321 §4.1.1.10"
