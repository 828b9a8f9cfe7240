"""What the server says to a client, as whole answers: in the language that the client asked for.

One `Wording` for each session. The texts stand in `languages`; here is chosen which one a case asks for, and which
response code may go with it. Each `-ERR` says what is wrong and, where there is something to do, what.
Sources: RFC 6856 §3 (LANG), RFC 2449 §8 (response codes), RFC 3206 §6.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Final, assert_never

from restante.maildrop.transaction import MarkedMessage, NoSuchMessage
from restante.ports.stores import Holder
from restante.proto import replies
from restante.proto.parser import Misuse, MisuseKind
from restante.proto.terms import ResponseCode, State
from restante.sasl.terms import FailureKind
from restante.server.languages import I_DEFAULT, LANGUAGES, Language, Text, lookup

__all__ = ["Wording"]

_EXCHANGES: Final[Mapping[FailureKind, Text]] = {
    FailureKind.CANCELLED: Text.EXCHANGE_CANCELLED,
    FailureKind.TOO_LONG: Text.EXCHANGE_TOO_LONG,
    FailureKind.BAD_ENCODING: Text.EXCHANGE_NOT_BASE64,
    FailureKind.INITIAL_RESPONSE: Text.EXCHANGE_INITIAL_RESPONSE,
    FailureKind.UNSUPPORTED: Text.EXCHANGE_UNSUPPORTED,
}
"""All others are messages of a wrong form."""

_CODES: Final[Mapping[str, ResponseCode]] = {
    "AUTH-RESP-CODE": ResponseCode.AUTH,
    "LOGIN-DELAY": ResponseCode.LOGIN_DELAY,
    "UTF8": ResponseCode.UTF8,
}
"""The capabilities that carry one response code each. IN-USE and the two of SYS go with RESP-CODES, as all do."""

_ALL_CODES_SENT: Final[frozenset[ResponseCode]] = frozenset()

MOST_LINES_TOLD: Final = 10**9
"""TOP's status line names no larger number."""


class Wording:
    """The words of one session. `language` is what it speaks now."""

    __slots__ = ("_without_codes", "language")

    language: Language

    def __init__(self, *, withheld: Collection[str] = ()) -> None:
        """Begin in English. `withheld` are the capabilities that are switched off, response codes among them."""
        self.language = I_DEFAULT
        self._without_codes = _ALL_CODES_SENT
        if withheld:
            self._without_codes = frozenset(
                ResponseCode if "RESP-CODES" in withheld else [_CODES[tag] for tag in withheld if tag in _CODES]
            )

    # --- any text ------------------------------------------------------------------------------------------------

    def ok(self, text: Text, **values: object) -> bytes:
        """Give a good answer of one line."""
        return replies.ok(self._say(text, values), utf8=not self.language.in_ascii)

    def err(self, text: Text, code: ResponseCode | None = None, **values: object) -> bytes:
        """Give a bad answer, with its response code if it has one and such are sent here."""
        if code in self._without_codes:
            code = None
        return replies.err(self._say(text, values), code, utf8=not self.language.in_ascii)

    def listing(self, text: Text, lines: bytes, /, **values: object) -> bytes:
        """Give a listing. `lines` end in CRLF each and are not stuffed yet."""
        return replies.listing(self._say(text, values), lines, utf8=not self.language.in_ascii)

    def _say(self, text: Text, values: Mapping[str, object]) -> bytes:
        # The text's own braces are filled in; what is put in is never read as a text.
        return self.language.texts[text].format_map(values).encode()

    # --- LANG ----------------------------------------------------------------------------------------------------

    def languages(self) -> bytes:
        """List the languages, each by its tag and its own name. Source: RFC 6856 §3.2."""
        lines = "".join([f"{language.tag} {language.description}\r\n" for language in LANGUAGES])
        return self.listing(Text.LANGUAGES, lines.encode())

    def choose(self, language_range: bytes) -> bytes:
        """Speak another language from this answer on, or say that it is not known and go on in the old one."""
        language = lookup(language_range)
        if language is None:
            return self.err(Text.LANGUAGE_UNKNOWN)
        self.language = language
        text = f"{language.tag} {language.texts[Text.LANGUAGE_CHOSEN]}"
        return replies.ok(text.encode(), utf8=not language.in_ascii)

    # --- counts --------------------------------------------------------------------------------------------------

    def messages(self, count: int) -> bytes:
        """Count messages in words."""
        language = self.language
        if count > 1:
            return language.many_messages % count
        return language.one_message if count else language.no_messages

    def greeting(self, timestamp: bytes) -> bytes:
        """Greet, with the APOP timestamp if there is one: only then is there a `<` (RFC 1939 §7)."""
        greeting = self.language.greeting
        return greeting[:-2] + b" %b\r\n" % timestamp if timestamp else greeting

    def password_please(self) -> bytes:
        """Answer USER, whoever it named."""
        return self.language.password_please

    def left(self, count: int) -> bytes:
        """Answer a QUIT that removed nothing."""
        return self.language.left % self.messages(count)

    def maildrop(self, count: int, octets: int) -> bytes:
        """Answer a login: what there is."""
        return self.language.maildrop % (self.messages(count), octets)

    def scan_listing(self, count: int, octets: int, lines: bytes) -> bytes:
        """Answer LIST."""
        text = self.language.messages_and_octets % (self.messages(count), octets)
        return replies.listing(text, lines, utf8=not self.language.in_ascii)

    def unique_id_listing(self, count: int, lines: bytes) -> bytes:
        """Answer UIDL."""
        return replies.listing(self.messages(count), lines, utf8=not self.language.in_ascii)

    def counting(self, text: Text, count: int, **values: object) -> bytes:
        """Give a good answer that counts `{messages}`."""
        return self.ok(text, messages=self.messages(count).decode(), **values)

    # --- cases ---------------------------------------------------------------------------------------------------

    def marked(self, number: int) -> bytes:
        """Answer DELE."""
        return self.language.marked % number

    def peeked(self, lines: int) -> bytes:
        """Give the status line of TOP."""
        # The client names the number, with as many digits as its line had room for.
        return self.language.peeked % min(lines, MOST_LINES_TOLD)

    def in_use(self, holder: Holder | None) -> bytes:
        """Say that the maildrop is in use: since when and from where, and that the password is not at fault."""
        if holder is None:
            return self.err(Text.IN_USE, ResponseCode.IN_USE)
        since = datetime.fromtimestamp(holder.since_epoch_seconds, UTC)
        return self.err(
            Text.IN_USE_SINCE, ResponseCode.IN_USE, since=f"{since:%Y-%m-%d %H:%M:%S}", peer=holder.peer
        )

    def too_soon(self, seconds: int) -> bytes:
        """Say that the account logged in a moment ago. Source: RFC 2449 §8.1.1."""
        return self.err(Text.LOGIN_TOO_SOON, ResponseCode.LOGIN_DELAY, seconds=seconds)

    def not_there(self, error: NoSuchMessage | MarkedMessage) -> bytes:
        """Say why a message number names nothing."""
        match error:
            case NoSuchMessage(number=number, count=0):
                return self.err(Text.MAILDROP_EMPTY, number=number)
            case NoSuchMessage(number=number, count=count):
                return self.err(Text.NO_SUCH_MESSAGE, number=number, count=count)
            case MarkedMessage(number=number):
                return self.err(Text.MARKED_ALREADY, number=number)
            case _:
                assert_never(error)

    def exchange_failed(self, kind: FailureKind, detail: str) -> bytes:
        """Say why an AUTH exchange came to nothing, where that is not the credentials' fault."""
        text = _EXCHANGES.get(kind, Text.EXCHANGE_MALFORMED)
        return self.err(text, detail=detail.encode("ascii", "replace").decode("ascii"))

    def misuse(self, what: Misuse, state: State) -> bytes:
        """Say what is wrong with a command line."""
        match what.kind:
            case MisuseKind.LINE_TOO_LONG:
                return self.err(Text.LINE_TOO_LONG)
            case MisuseKind.FORBIDDEN_OCTET:
                return self.err(Text.FORBIDDEN_OCTET)
            case MisuseKind.UNKNOWN_KEYWORD:
                return self.err(Text.UNKNOWN_COMMAND)
            case MisuseKind.BAD_ARGUMENTS:
                return self.err(Text.SYNTAX, syntax=what.spec.syntax if what.spec else "")
            case MisuseKind.NUMBER_ZERO:
                return self.err(Text.NUMBER_ZERO)
            case MisuseKind.PASS_WITHOUT_USER:
                return self.err(Text.PASS_WITHOUT_USER)
            case MisuseKind.SWITCHED_OFF:
                return self.err(Text.SWITCHED_OFF)
            case MisuseKind.WRONG_STATE if state is State.AUTHORIZATION:
                return self.err(Text.NOT_LOGGED_IN)
            case MisuseKind.WRONG_STATE:
                return self.err(Text.LOGGED_IN_ALREADY)
            case _:
                assert_never(what.kind)
