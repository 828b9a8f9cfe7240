"""Every diagnosis of SMTP and LMTP: its id, its weight and its source. What it says stands in `languages`.

To add one: a member here, its sentence and advice in each language, what finds it in the file of its theme in
`smtp.diagnoses`, and two recorded sessions in the tests: one that shows it and one that must not.
"""

from __future__ import annotations

from enum import Enum, unique

from restante.explain.weight import Weight

__all__ = ["SmtpDiagnosis"]

_T, _W, _N = Weight.TROUBLE, Weight.WARNING, Weight.NOTE


@unique
class SmtpDiagnosis(Enum):
    """A thing that can be wrong with a session: its id, which stays the same, its weight, its source."""

    # --- the line, and who is at its ends
    TURNED_AWAY = ("smtp-turned-away", _T, "RFC 5321 §3.1")
    TOO_MANY_CONNECTIONS = ("smtp-too-many-connections", _T, "RFC 5321 §3.8")
    NO_GREETING = ("smtp-no-greeting", _T, "RFC 5321 §4.3.1")
    TLS_TO_PLAIN_PORT = ("smtp-tls-to-plain-port", _T, "RFC 8314 §3.3")
    PLAIN_TO_TLS_PORT = ("smtp-plain-to-tls-port", _T, "RFC 8314 §3.3")
    OTHER_CLIENT = ("smtp-other-client", _W, "RFC 5321 §3.1")
    OTHER_SERVER = ("smtp-other-server", _T, "RFC 5321 §3.1")
    EARLY_TALKER = ("smtp-early-talker", _W, "RFC 5321 §4.3.1")

    # --- TLS
    STARTTLS_REFUSED = ("smtp-starttls-refused", _T, "RFC 3207 §4")
    STARTTLS_NEEDED = ("smtp-starttls-needed", _T, "RFC 3207 §4")
    STARTTLS_MISSING = ("smtp-starttls-missing", _W, "RFC 3207 §6")
    COMMANDS_BEHIND_STARTTLS = ("smtp-commands-behind-starttls", _T, "RFC 3207 §4")
    PASSWORD_IN_THE_CLEAR = ("smtp-password-in-the-clear", _W, "RFC 8314 §3.3")

    # --- the login
    AUTH_NEEDED = ("smtp-auth-needed", _T, "RFC 4954 §6")
    AUTH_FAILED = ("smtp-auth-failed", _T, "RFC 4954 §6")
    AUTH_FAILS_FOR_NOW = ("smtp-auth-fails-for-now", _T, "RFC 4954 §6")
    AUTH_OTHER_WAY = ("smtp-auth-other-way", _T, "RFC 4954 §6")
    AUTH_NOT_OFFERED = ("smtp-auth-not-offered", _T, "RFC 4954 §3")

    # --- the envelope
    HELLO_REFUSED = ("smtp-hello-refused", _T, "RFC 5321 §4.1.4")
    RELAY_DENIED = ("smtp-relay-denied", _T, "RFC 5321 §3.6.2")
    USER_UNKNOWN = ("smtp-user-unknown", _T, "RFC 3463 §3.2")
    DOMAIN_UNKNOWN = ("smtp-domain-unknown", _T, "RFC 3463 §3.2")
    ADDRESS_MALFORMED = ("smtp-address-malformed", _T, "RFC 5321 §4.1.2")
    MAILBOX_DISABLED = ("smtp-mailbox-disabled", _T, "RFC 3463 §3.3")
    MAILBOX_FULL = ("smtp-mailbox-full", _T, "RFC 3463 §3.3")
    STORAGE_FULL = ("smtp-storage-full", _T, "RFC 3463 §3.4")
    TOO_MANY_RECIPIENTS = ("smtp-too-many-recipients", _W, "RFC 5321 §4.5.3.1.10")
    NO_RECIPIENTS = ("smtp-no-recipients", _T, "RFC 5321 §3.3")
    SENDER_REFUSED = ("smtp-sender-refused", _T, "RFC 5321 §3.3")
    SENDER_NOT_YOURS = ("smtp-sender-not-yours", _T, "RFC 6409 §6.1")

    # --- what a site lets in
    GREYLISTED = ("smtp-greylisted", _W, "RFC 6647 §2")
    TOO_FAST = ("smtp-too-fast", _W, "RFC 5321 §4.5.4.1")
    SPF_FAILED = ("smtp-spf-failed", _T, "RFC 7372 §3.2")
    DKIM_FAILED = ("smtp-dkim-failed", _T, "RFC 7372 §3.1")
    DMARC_FAILED = ("smtp-dmarc-failed", _T, "RFC 7489 §10.3")
    REVERSE_NAME_MISSING = ("smtp-reverse-name-missing", _T, "RFC 7372 §3.3")
    BLOCKLISTED = ("smtp-blocklisted", _T, "RFC 5782 §1")
    CONTENT_REFUSED = ("smtp-content-refused", _T, "RFC 3463 §3.8")
    POLICY_REFUSED = ("smtp-policy-refused", _T, "RFC 3463 §3.8")

    # --- the message
    MESSAGE_TOO_BIG = ("smtp-message-too-big", _T, "RFC 1870 §6")
    EIGHT_BIT_UNANNOUNCED = ("smtp-eight-bit-unannounced", _W, "RFC 6152 §3")
    UTF8_NEEDED = ("smtp-utf8-needed", _W, "RFC 6531 §3.5")
    BARE_LINE_ENDS = ("smtp-bare-line-ends", _W, "RFC 5321 §2.3.8")
    BARE_LINE_ENDS_REFUSED = ("smtp-bare-line-ends-refused", _T, "RFC 5321 §2.3.8")
    END_BETWEEN_BARE_LINE_ENDS = ("smtp-end-between-bare-line-ends", _T, "RFC 5321 §4.1.1.4")
    END_MISSING = ("smtp-end-missing", _T, "RFC 5321 §4.1.1.4")
    MESSAGE_BROKEN_OFF = ("smtp-message-broken-off", _T, "RFC 5321 §4.1.1.4")
    UNDOUBLED_DOTS = ("smtp-undoubled-dots", _T, "RFC 5321 §4.5.2")
    LONG_LINE = ("smtp-long-line", _W, "RFC 5321 §4.5.3.1.6")

    # --- commands
    BAD_SEQUENCE = ("smtp-bad-sequence", _T, "RFC 5321 §4.1.4")
    UNKNOWN_COMMAND = ("smtp-unknown-command", _W, "RFC 5321 §4.2.4")
    PIPELINING_UNANNOUNCED = ("smtp-pipelining-unannounced", _W, "RFC 2920 §3.1")
    REFUSED_FOR_NOW = ("smtp-refused-for-now", _W, "RFC 5321 §4.2.1")
    REFUSED = ("smtp-refused", _T, "RFC 5321 §4.2.1")

    # --- the end
    TIMED_OUT = ("smtp-timed-out", _W, "RFC 5321 §4.5.3.2")
    SERVER_CLOSES = ("smtp-server-closes", _W, "RFC 5321 §3.8")
    ANSWER_MISSING = ("smtp-answer-missing", _T, "RFC 5321 §3.8")
    MESSAGE_UNANSWERED = ("smtp-message-unanswered", _T, "RFC 5321 §4.5.3.2.6")
    QUIT_MISSING = ("smtp-quit-missing", _N, "RFC 5321 §4.1.1.10")

    def __init__(self, stable_id: str, weight: Weight, source: str) -> None:
        self.id = stable_id
        self.weight = weight
        self.source = source
