"""What the server has to say, by name: each language says it in a file of its own.

Placeholders stand in braces, and are the same in all languages. Texts are one line, start with no bracket (that is
a response code's), and leave room for what is put in. Words of the protocol (commands, +OK) are not translated.
"""

from __future__ import annotations

from enum import Enum, auto

__all__ = ["Text"]


class Text(Enum):
    """A text. What stands in braces is told at each."""

    # An Enum hashes by name, in Python, and a text is looked up for each answer.
    __hash__ = object.__hash__

    # --- every state
    NO_MESSAGES = auto()
    """The count, where it is zero."""
    ONE_MESSAGE = auto()
    MANY_MESSAGES = auto()
    """{count}, 2 or more."""
    MESSAGES_AND_OCTETS = auto()
    """{messages} is one of the three above, then {octets}."""
    GREETING = auto()
    GOOD_BYE = auto()
    CAPABILITIES = auto()
    """Before the list of CAPA."""
    LANGUAGES = auto()
    """Before the list of LANG."""
    LANGUAGE_CHOSEN = auto()
    LANGUAGE_UNKNOWN = auto()

    # --- AUTHORIZATION
    PASSWORD_PLEASE = auto()
    BEGIN_TLS = auto()
    TLS_ALREADY = auto()
    TLS_NOT_OFFERED = auto()
    TLS_AFTER_UTF8 = auto()
    UTF8_FROM_HERE = auto()
    NO_PLAINTEXT = auto()
    APOP_NOT_OFFERED = auto()
    MECHANISM_NOT_OFFERED = auto()
    NAME_NOT_UTF8 = auto()
    WRONG_CREDENTIALS = auto()
    LOGIN_DEFERRED = auto()
    LOGIN_TOO_SOON = auto()
    """{seconds}: how long to wait, at least 1."""
    IN_USE = auto()
    IN_USE_SINCE = auto()
    """{since} is a date and time of UTC, {peer} an address."""

    # --- an exchange of AUTH that came to nothing
    EXCHANGE_CANCELLED = auto()
    EXCHANGE_MALFORMED = auto()
    """{detail}: a fixed sentence, in English in all languages."""
    EXCHANGE_TOO_LONG = auto()
    EXCHANGE_NOT_BASE64 = auto()
    EXCHANGE_INITIAL_RESPONSE = auto()
    EXCHANGE_UNSUPPORTED = auto()
    """{detail}, as above."""

    # --- TRANSACTION
    MARKED = auto()
    """{number}."""
    MARKED_ALREADY = auto()
    """{number}."""
    NONE_MARKED = auto()
    """{messages}, {octets}."""
    NO_SUCH_MESSAGE = auto()
    """{number}, {count}."""
    MAILDROP_EMPTY = auto()
    """{number}."""
    PEEKED = auto()
    """{lines}: how many lines of the body at most."""
    MESSAGE_GONE = auto()
    """{number}."""
    MESSAGE_UNREADABLE = auto()
    """{number}."""
    MESSAGE_NEEDS_UTF8 = auto()
    """{number}."""

    # --- UPDATE
    LEFT = auto()
    """{messages}."""
    REMOVED = auto()
    """{messages}: how many were removed; {left}: a number."""
    NOT_REMOVED = auto()

    # --- what is wrong with a command line
    LINE_TOO_LONG = auto()
    FORBIDDEN_OCTET = auto()
    UNKNOWN_COMMAND = auto()
    SYNTAX = auto()
    """{syntax}: the command as one types it."""
    NUMBER_ZERO = auto()
    PASS_WITHOUT_USER = auto()
    NOT_LOGGED_IN = auto()
    LOGGED_IN_ALREADY = auto()
    SWITCHED_OFF = auto()

    # --- the server itself
    SERVER_FAILED = auto()
    TOO_MANY_CONNECTIONS = auto()
