"""What explain has to say, by name: each language says it in a folder of its own under `languages`.

A `Phrase` is a sentence of the story, a word of a page, or an aside; a `Lesson` is what somebody learns at that
place, with its source. Placeholders stand in braces and are the same in all languages. Words of the protocol
(keywords, +OK, the names of states) are not translated. To add one: a name here, its text in each language; a test
looks.
"""

from __future__ import annotations

from enum import Enum, auto, unique

__all__ = ["Lesson", "Phrase"]


class Phrase(Enum):
    """A sentence or a word. What stands in braces is told at each."""

    # --- the parts of a session, as a letter has them
    CHAPTER_GREETING = auto()
    CHAPTER_BODY = auto()
    CHAPTER_CLOSING = auto()

    # --- who speaks
    CLIENT = auto()
    SERVER = auto()

    # --- the line itself
    CONNECTED = auto()
    CONNECTED_TO = auto()
    """{server}."""
    CONNECTED_FROM = auto()
    """{client}: its address."""
    JOINED = auto()
    """The session was under way before it is told."""
    JOINED_AFTER = auto()
    """{seconds}, {commands}: how long it had gone on, and how many commands had come."""
    SECURED = auto()
    SECURED_AS = auto()
    """{description}: version, cipher and name, in English."""
    SEALED = auto()
    SEALED_HELLO = auto()
    """{version}."""
    SEALED_HELLO_FOR = auto()
    """{version}, {name}: of the server that the client asks for."""
    SEALED_ALERT = auto()
    """{alert}: in the words of RFC 8446."""
    SEALED_BROKEN_OFF = auto()
    """An alert that cannot be read."""
    LOST = auto()
    """{octets}."""
    DISTURBED = auto()
    """{resent}, {disordered}: numbers of segments, either may be 0."""
    CLOSED_AT_END = auto()
    CLOSED_BEFORE_LOGIN = auto()
    CLOSED_IN_TRANSACTION = auto()
    """Nothing was removed."""
    CLOSED_BEHIND_CURTAIN = auto()
    """All that was said went under TLS."""
    CLOSED_IN_UPDATE = auto()
    """QUIT was not answered well."""
    RECORD_ENDS = auto()
    """Nobody tells that the connection ended."""
    REASON = auto()
    """{reason}: why the line ended, in the words below, or in those of somebody else."""
    REASON_CLOSED = auto()
    REASON_TIME_OUT = auto()
    REASON_ENDED_IN_THE_MIDDLE = auto()
    REASON_AFTER_QUIT = auto()
    REASON_WITHOUT_QUIT = auto()
    REASON_EARLY_OCTETS = auto()
    REASON_NO_TLS = auto()
    REASON_OTHER_CERTIFICATE = auto()
    REASON_CLIENT_TLS_FAILED = auto()
    REASON_OVER_A_LIMIT = auto()
    REASON_NOT_POP3 = auto()
    REASON_LOGIN_ENDED_BADLY = auto()
    REASON_NO_SESSION = auto()
    REASON_HUNG_UP = auto()
    REASON_RESET = auto()
    REASON_BROKE = auto()
    REASON_SILENCE = auto()
    REASON_PROXY_STOPPED = auto()
    REASON_NO_SERVER = auto()
    REASON_TLS_BROKE = auto()
    REASON_LOST = auto()
    REASON_AUTOLOGOUT = auto()
    REASON_TOO_MANY_BAD_COMMANDS = auto()
    REASON_MESSAGE_GONE = auto()
    REASON_SHUTDOWN = auto()
    REASON_ENDED = auto()
    REASON_TLS_FAILED = auto()
    REASON_TOO_EARLY_FOR_TLS = auto()
    REASON_UPDATE_FAILED = auto()
    REASON_FAULT = auto()
    REASON_SERVER_GONE = auto()

    # --- the client
    SAYS_USER = auto()
    SAYS_USER_NAMED = auto()
    """{name}."""
    SAYS_PASS = auto()
    SAYS_APOP = auto()
    SAYS_AUTH_SOMEHOW = auto()
    """The mechanism is not known."""
    SAYS_AUTH = auto()
    """{mechanism}."""
    SAYS_AUTH_AT_ONCE = auto()
    """{mechanism}: with an initial response."""
    SAYS_AUTH_ALONE = auto()
    SAYS_RESPONSE = auto()
    SAYS_EMPTY_RESPONSE = auto()
    SAYS_CANCEL = auto()
    SAYS_STLS = auto()
    SAYS_UTF8 = auto()
    SAYS_STAT = auto()
    SAYS_LIST = auto()
    SAYS_LIST_ONE = auto()
    """{number}."""
    SAYS_UIDL = auto()
    SAYS_UIDL_ONE = auto()
    """{number}."""
    SAYS_RETR = auto()
    """{number}."""
    SAYS_TOP = auto()
    """{number}, {lines}."""
    SAYS_TOP_HEADERS = auto()
    """{number}."""
    SAYS_DELE = auto()
    """{number}."""
    SAYS_NOOP = auto()
    SAYS_RSET = auto()
    SAYS_CAPA = auto()
    SAYS_LANG = auto()
    SAYS_LANG_LIST = auto()
    SAYS_QUIT = auto()
    SAYS_QUIT_BEFORE_LOGIN = auto()
    SAYS_BADLY = auto()
    """{keyword}: a known command in a form that is none."""
    SAYS_NO_COMMAND = auto()
    SAYS_FOREIGN = auto()
    """{protocol}."""

    # --- the server, where all is well
    GREETS = auto()
    GREETS_WITH_RIDDLE = auto()
    """With APOP's timestamp."""
    ANSWERS_USER = auto()
    ANSWERS_LOGIN = auto()
    ANSWERS_STLS = auto()
    ANSWERS_UTF8 = auto()
    ANSWERS_STAT_NONE = auto()
    ANSWERS_STAT_ONE = auto()
    """{octets}."""
    ANSWERS_STAT_MANY = auto()
    """{count}, 2 or more; {octets}."""
    ANSWERS_LIST = auto()
    ANSWERS_LIST_ONE = auto()
    """{octets}."""
    ANSWERS_UIDL = auto()
    ANSWERS_UIDL_ONE = auto()
    """{unique_id}."""
    ANSWERS_RETR = auto()
    ANSWERS_TOP = auto()
    ANSWERS_DELE = auto()
    ANSWERS_NOOP = auto()
    ANSWERS_RSET = auto()
    ANSWERS_CAPA = auto()
    ANSWERS_LANG = auto()
    ANSWERS_QUIT_BEFORE_LOGIN = auto()
    ANSWERS_QUIT = auto()
    ANSWERS_QUIT_REMOVED_ONE = auto()
    ANSWERS_QUIT_REMOVED_MANY = auto()
    """{count}, 2 or more."""
    ANSWERS_WELL = auto()
    """Any other +OK."""
    CHALLENGES = auto()
    CHALLENGES_EMPTY = auto()
    CHALLENGES_WITH = auto()
    """{text}: the challenge, decoded."""

    # --- the server, where something is not well. {text} is what it said.
    GREETS_BADLY = auto()
    REFUSES = auto()
    REFUSES_LOGIN = auto()
    REFUSES_CREDENTIALS = auto()
    REFUSES_IN_USE = auto()
    REFUSES_LOGIN_DELAY = auto()
    REFUSES_FOR_NOW = auto()
    REFUSES_FOR_GOOD = auto()
    REFUSES_UTF8 = auto()
    REFUSES_MESSAGE = auto()
    """{number}, {text}."""
    REFUSES_QUIT = auto()
    SAYS_UNASKED = auto()

    # --- what follows a status line
    MESSAGE_CAME = auto()
    """{octets}, {lines}."""
    MESSAGE_CUT = auto()
    """{octets}."""
    MESSAGE_NOT_SHOWN = auto()
    MESSAGE_NOT_SHOWN_OCTETS = auto()
    """{octets}: on the wire."""
    LISTING_EMPTY = auto()
    LISTING_ONE = auto()
    LISTING_MANY = auto()
    """{count}, 2 or more."""
    LISTING_CUT = auto()
    """{count}."""
    LISTING_NOT_SHOWN = auto()
    CAPABILITIES_ARE = auto()
    """{names}: parted by commas."""
    STRAY = auto()
    """{octets}."""
    STRAY_FOREIGN = auto()
    """{protocol}."""

    # --- around the sessions
    SESSION = auto()
    """{number}."""
    MISSED_ONE = auto()
    MISSED_MANY = auto()
    """{count}, 2 or more: events that were not shown, since whoever watches was too slow."""
    NOTHING_FOUND = auto()
    FOUND_ONE = auto()
    FOUND_MANY = auto()
    """{count}, 2 or more."""
    TROUBLE = auto()
    """How much a finding matters, in a word; so WARNING and NOTE."""
    WARNING = auto()
    NOTE = auto()
    LESSON = auto()
    """Above what there is to learn."""
    WHAT_TO_DO = auto()
    """Before the advice of a finding."""
    TITLE = auto()
    """Of a page."""
    THE_STORY = auto()
    """Above the column of the conversation."""
    THE_WIRE = auto()
    """Above the column of the protocol."""
    HIDDEN_NOTE = auto()
    """Secrets were taken out."""


@unique
class Lesson(Enum):
    """What one learns at a place of a session. The value is the source."""

    CONNECTED = "RFC 1939 §3"
    SECURED = "RFC 8314 §3"
    SEALED = "RFC 8446 §5"
    GREETING = "RFC 1939 §4"
    APOP_TIMESTAMP = "RFC 1939 §7"
    USER = "RFC 1939 §7 (USER)"
    PASS = "RFC 1939 §7 (PASS)"  # noqa: S105 - a section
    APOP = "RFC 1939 §7 (APOP)"
    AUTH = "RFC 5034 §4"
    AUTH_ALONE = "RFC 5034 §4 (mechanism)"
    CHALLENGE = "RFC 5034 §4 (challenge)"
    CANCEL = "RFC 5034 §4 (cancel)"
    STLS = "RFC 2595 §4"
    UTF8 = "RFC 6856 §2.1"
    CAPA = "RFC 2449 §5"
    LANG = "RFC 6856 §3"
    LOGGED_IN = "RFC 1939 §4 (lock)"
    STAT = "RFC 1939 §5 (STAT)"
    LIST = "RFC 1939 §5 (LIST)"
    UIDL = "RFC 1939 §7 (UIDL)"
    RETR = "RFC 1939 §5 (RETR)"
    TOP = "RFC 1939 §7 (TOP)"
    DELE = "RFC 1939 §5 (DELE)"
    NOOP = "RFC 1939 §5 (NOOP)"
    RSET = "RFC 1939 §5 (RSET)"
    QUIT = "RFC 1939 §6"
    QUIT_BEFORE_LOGIN = "RFC 1939 §4 (QUIT)"
    UPDATED = "RFC 1939 §6 (UPDATE)"
    MESSAGE = "RFC 1939 §3 (multi-line), §11"
    LISTING = "RFC 1939 §3 (multi-line)"
    NO_COMMAND = "RFC 1939 §3 (keywords)"
    REFUSED = "RFC 1939 §3 (-ERR)"
    REFUSED_WITH_CODE = "RFC 2449 §8"
    CLOSED_EARLY = "RFC 1939 §6 (no UPDATE)"
