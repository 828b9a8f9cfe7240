"""Every diagnosis of POP3, and of what all protocols share: its id, its weight and its source.

Those of SMTP and LMTP are in `smtp.catalog`. What they say stands in `languages`.

To add one: a member here, its sentence and advice in each language, what finds it in the file of its theme, and two
recorded sessions in the tests: one that shows it and one that must not.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, unique

from restante.explain.events import WireEvent
from restante.explain.line_events import Ended
from restante.explain.smtp.catalog import SmtpDiagnosis
from restante.explain.smtp.events import SmtpEvent
from restante.explain.weight import Weight

__all__ = ["Diagnosis", "Finding", "Weight"]


_T, _W, _N = Weight.TROUBLE, Weight.WARNING, Weight.NOTE


@unique
class Diagnosis(Enum):
    """A thing that can be wrong with a session: its id, which stays the same, its weight, its source."""

    # --- the line, and who is at its ends
    GREETING_REFUSED = ("greeting-refused", _T, "RFC 1939 §3")
    NO_GREETING = ("no-greeting", _T, "RFC 1939 §3")
    TLS_TO_PLAIN_PORT = ("tls-to-plain-port", _T, "RFC 8314 §3.2")
    PLAIN_TO_TLS_PORT = ("plain-to-tls-port", _T, "RFC 8314 §3.2")
    HTTP_CLIENT = ("http-client", _W, "RFC 1939 §3")
    OTHER_CLIENT = ("other-client", _W, "RFC 1939 §3")
    OTHER_SERVER = ("other-server", _T, "RFC 1939 §4")
    CAPTURE_GAP = ("capture-gap", _N, "RFC 9293 §3.8")

    # --- TLS
    CERTIFICATE_REJECTED = ("certificate-rejected", _T, "RFC 8446 §6.2")
    TLS_BROKEN_OFF = ("tls-broken-off", _T, "RFC 8446 §6.2")
    TLS_NO_AGREEMENT = ("tls-no-agreement", _T, "RFC 8446 §6.2")
    STLS_REFUSED = ("stls-refused", _T, "RFC 2595 §4")
    STLS_UNDER_TLS = ("stls-under-tls", _N, "RFC 2595 §4")
    STLS_MISSING = ("stls-missing", _W, "RFC 2595 §2.1")
    STLS_VANISHED = ("stls-vanished", _T, "RFC 2595 §2.1")
    LOGIN_AFTER_STLS_REFUSED = ("login-after-stls-refused", _T, "RFC 2595 §2.2")
    COMMANDS_BEHIND_STLS = ("commands-behind-stls", _T, "RFC 2595 §4")
    SERVER_SPEAKS_BEHIND_STLS = ("server-speaks-behind-stls", _T, "RFC 2595 §4")
    PASSWORD_IN_THE_CLEAR = ("password-in-the-clear", _W, "RFC 8314 §3")
    TLS_NOT_RECORDED = ("tls-not-recorded", _N, "RFC 8314 §3.1")

    # --- the login
    CREDENTIALS_REFUSED = ("credentials-refused", _T, "RFC 3206 §5")
    LOGIN_REFUSED = ("login-refused", _T, "RFC 1939 §7")
    LOGIN_FAILS_FOR_NOW = ("login-fails-for-now", _T, "RFC 3206 §4")
    LOGIN_FAILS_FOR_GOOD = ("login-fails-for-good", _T, "RFC 3206 §4")
    POP3_SWITCHED_OFF = ("pop3-switched-off", _T, "RFC 1939 §7")
    LOCK_HELD = ("lock-held", _T, "RFC 2449 §8.1.2")
    LOGIN_TOO_SOON = ("login-too-soon", _W, "RFC 2449 §8.1.1")
    USER_REFUSED = ("user-refused", _T, "RFC 1939 §7")
    TLS_WANTED_FIRST = ("tls-wanted-first", _T, "RFC 2595 §2.3")
    PASS_WITHOUT_USER = ("pass-without-user", _T, "RFC 1939 §7")
    MANY_FAILED_LOGINS = ("many-failed-logins", _W, "RFC 1939 §13")
    MECHANISM_NOT_OFFERED = ("mechanism-not-offered", _T, "RFC 5034 §4")
    SASL_CANCELLED = ("sasl-cancelled", _T, "RFC 5034 §4")
    SASL_BAD_BASE64 = ("sasl-bad-base64", _T, "RFC 5034 §4")
    OAUTH_REFUSED = ("oauth-refused", _T, "RFC 7628 §3.2.3")
    AUTH_LINE_TOO_LONG = ("auth-line-too-long", _W, "RFC 5034 §4")
    APOP_WITHOUT_TIMESTAMP = ("apop-without-timestamp", _T, "RFC 1939 §7")
    APOP_TIMESTAMP_MALFORMED = ("apop-timestamp-malformed", _W, "RFC 1939 §7")
    APOP_TIMESTAMP_REPEATED = ("apop-timestamp-repeated", _T, "RFC 1939 §7")
    WEAK_DIGEST = ("weak-digest", _W, "RFC 6151 §2")

    # --- commands and lines
    COMMAND_BEFORE_LOGIN = ("command-before-login", _T, "RFC 1939 §3")
    LOGIN_COMMAND_AFTER_LOGIN = ("login-command-after-login", _W, "RFC 1939 §3")
    UNKNOWN_COMMAND = ("unknown-command", _W, "RFC 1939 §3")
    BAD_ARGUMENTS = ("bad-arguments", _W, "RFC 1939 §3")
    NUMBER_ZERO = ("number-zero", _W, "RFC 1939 §4")
    NO_SUCH_MESSAGE = ("no-such-message", _W, "RFC 1939 §5")
    MESSAGE_MARKED_ALREADY = ("message-marked-already", _W, "RFC 1939 §5")
    MESSAGE_REFUSED = ("message-refused", _T, "RFC 1939 §5")
    UTF8_NEEDED = ("utf8-needed", _W, "RFC 6856 §5")
    COMMAND_REFUSED = ("command-refused", _T, "RFC 1939 §5")
    COMMAND_LINE_TOO_LONG = ("command-line-too-long", _W, "RFC 2449 §4")
    STATUS_LINE_TOO_LONG = ("status-line-too-long", _W, "RFC 1939 §3")
    CLIENT_BARE_LF = ("client-bare-lf", _W, "RFC 1939 §3")
    SERVER_BARE_LF = ("server-bare-lf", _W, "RFC 1939 §3")
    STRAY_LINES = ("stray-lines", _T, "RFC 1939 §3")
    PIPELINING_UNANNOUNCED = ("pipelining-unannounced", _N, "RFC 2449 §6.6")
    UIDL_REFUSED = ("uidl-refused", _W, "RFC 1939 §7")
    TOP_REFUSED = ("top-refused", _N, "RFC 1939 §7")
    CAPABILITY_UNANNOUNCED = ("capability-unannounced", _W, "RFC 2449 §6")
    CAPA_REFUSED = ("capa-refused", _N, "RFC 2449 §5")

    # --- mail on its way
    MESSAGE_CUT = ("message-cut", _T, "RFC 1939 §3")
    LISTING_CUT = ("listing-cut", _T, "RFC 1939 §3")
    OCTETS_DIFFER = ("octets-differ", _W, "RFC 1939 §11")
    DROP_LISTING_DIFFERS = ("drop-listing-differs", _W, "RFC 1939 §5")
    LISTINGS_DIFFER = ("listings-differ", _T, "RFC 1939 §7")
    LISTING_MALFORMED = ("listing-malformed", _W, "RFC 1939 §5")
    TOP_TOO_LONG = ("top-too-long", _W, "RFC 1939 §7")
    UNSTUFFED_DOTS = ("unstuffed-dots", _T, "RFC 1939 §3")
    UNIQUE_IDS_DOUBLED = ("unique-ids-doubled", _T, "RFC 1939 §7")
    UNIQUE_ID_ILLEGAL = ("unique-id-illegal", _W, "RFC 1939 §7")
    LONG_MESSAGE_LINE = ("long-message-line", _N, "RFC 5322 §2.1.1")
    GMAIL_NEW_ONLY = ("gmail-new-only", _N, "RFC 1939 §8")
    SLOW_ANSWER = ("slow-answer", _W, "RFC 1939 §3")

    # --- the end
    BROKEN_WITH_MARKS = ("broken-with-marks", _T, "RFC 1939 §6")
    BROKEN_BEFORE_QUIT = ("broken-before-quit", _W, "RFC 1939 §6")
    QUIT_UNANSWERED = ("quit-unanswered", _T, "RFC 1939 §6")
    UPDATE_FAILED = ("update-failed", _T, "RFC 1939 §6")
    CLIENT_CHOKED = ("client-choked", _T, "RFC 5322 §2.1.1")
    SERVER_HUNG_UP = ("server-hung-up", _W, "RFC 1939 §3")
    AUTOLOGOUT = ("autologout", _W, "RFC 1939 §3")
    ANSWER_MISSING = ("answer-missing", _T, "RFC 1939 §3")
    KEPT_AFTER_READING = ("kept-after-reading", _N, "RFC 1939 §8")
    DELETED_UNREAD = ("deleted-unread", _N, "RFC 1939 §5")
    DUPLICATE_DELETED = ("duplicate-deleted", _T, "RFC 1939 §7")
    MARKS_TAKEN_OFF = ("marks-taken-off", _N, "RFC 1939 §5")

    # --- several sessions
    UNIQUE_IDS_CHANGED = ("unique-ids-changed", _T, "RFC 1939 §7")
    DOWNLOADED_AGAIN = ("downloaded-again", _W, "RFC 1939 §7")
    STUCK_AT_MESSAGE = ("stuck-at-message", _T, "RFC 1939 §6")
    ASKS_TOO_OFTEN = ("asks-too-often", _W, "RFC 2449 §6.5")
    OWN_LOCK = ("own-lock", _W, "RFC 1939 §4")

    def __init__(self, stable_id: str, weight: Weight, source: str) -> None:
        self.id = stable_id
        self.weight = weight
        self.source = source


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A diagnosis that a session shows."""

    diagnosis: Diagnosis | SmtpDiagnosis
    event: WireEvent | SmtpEvent | Ended
    """Where it shows."""
    values: dict[str, str | int]
    """For the placeholders of its sentence. Text from outside is printable already."""
