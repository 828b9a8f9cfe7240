"""The server's words in English: spoken until a client asks for others, in ASCII (RFC 1939 knows nothing else)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from restante.server.languages.texts import Text

__all__ = ["TEXTS"]

TEXTS: Final[Mapping[Text, str]] = {
    Text.NO_MESSAGES: "0 messages",
    Text.ONE_MESSAGE: "1 message",
    Text.MANY_MESSAGES: "{count} messages",
    Text.MESSAGES_AND_OCTETS: "{messages} ({octets} octets)",
    Text.GREETING: "Restante ready, mail waits here until called for",
    Text.GOOD_BYE: "good-bye",
    Text.CAPABILITIES: "what this server can do:",
    Text.LANGUAGES: "the languages of this server:",
    Text.LANGUAGE_CHOSEN: "English from here on",
    Text.LANGUAGE_UNKNOWN: "this server does not speak that language; LANG lists those that it speaks",
    Text.PASSWORD_PLEASE: "and the password?",
    Text.BEGIN_TLS: "begin TLS now",
    Text.TLS_ALREADY: "this connection is under TLS already",
    Text.TLS_NOT_OFFERED: "TLS is not offered here",
    Text.TLS_AFTER_UTF8: "STLS has to come before UTF8; connect again for TLS",
    Text.UTF8_FROM_HERE: "UTF-8 from here on",
    Text.NO_PLAINTEXT: "no password over an open line: begin TLS by STLS, or connect to the POP3S port",
    Text.APOP_NOT_OFFERED: "APOP is not offered here: the greeting carries no timestamp",
    Text.MECHANISM_NOT_OFFERED: "this mechanism is not offered here; CAPA lists those that are",
    Text.NAME_NOT_UTF8: "the name is not in UTF-8",
    Text.WRONG_CREDENTIALS: "name or password is wrong",
    Text.LOGIN_DEFERRED: "the login cannot be done now, for a reason of the server's; try again later",
    Text.LOGIN_TOO_SOON: "this account logged in a moment ago; the password is right, try again in {seconds} s",
    Text.IN_USE: "the maildrop is in use by another session; the password is right, try again later",
    Text.IN_USE_SINCE: (
        "the maildrop is in use by another session since {since} UTC, from {peer}; "
        "the password is right, try again later"
    ),
    Text.EXCHANGE_CANCELLED: "the client cancelled the exchange",
    Text.EXCHANGE_MALFORMED: "the client's message is not of the form that the mechanism asks for: {detail}",
    Text.EXCHANGE_TOO_LONG: "the client's message is too long",
    Text.EXCHANGE_NOT_BASE64: "the line is not base64",
    Text.EXCHANGE_INITIAL_RESPONSE: "in this mechanism the server speaks first: send AUTH without initial response",
    Text.EXCHANGE_UNSUPPORTED: "the client asks for an extension of the mechanism that is not known here: {detail}",
    Text.MARKED: "message {number} is marked; QUIT removes it, RSET takes the mark off",
    Text.MARKED_ALREADY: "message {number} is marked as deleted; RSET takes all marks off",
    Text.NONE_MARKED: "{messages}, {octets} octets, none marked",
    Text.NO_SUCH_MESSAGE: "no message {number}: there are {count}",
    Text.MAILDROP_EMPTY: "no message {number}: the maildrop is empty",
    Text.PEEKED: "the headers, and up to {lines} of the lines after them",
    Text.MESSAGE_GONE: (
        "message {number} was changed or taken away by another program; connect again for a new listing"
    ),
    Text.MESSAGE_UNREADABLE: "message {number} cannot be read now; try again later",
    Text.MESSAGE_NEEDS_UTF8: "message {number} has UTF-8 in its header: send UTF8 before the login to get it",
    Text.LEFT: "good-bye; {messages} left here",
    Text.REMOVED: "{messages} removed, {left} left here; good-bye",
    Text.NOT_REMOVED: "marked messages could not all be removed; try again later",
    Text.LINE_TOO_LONG: "the command line is too long; it was skipped",
    Text.FORBIDDEN_OCTET: "a command holds no NUL and no bare CR",
    Text.UNKNOWN_COMMAND: "unknown command; CAPA lists what this server can do",
    Text.SYNTAX: "the command is: {syntax}",
    Text.NUMBER_ZERO: "message numbers begin with 1",
    Text.PASS_WITHOUT_USER: "PASS comes right after USER",
    Text.NOT_LOGGED_IN: "log in first: USER and PASS",
    Text.LOGGED_IN_ALREADY: "you are logged in already",
    Text.SWITCHED_OFF: "this command is switched off here; CAPA lists what this server can do",
    Text.SERVER_FAILED: "the server failed; try again later",
    Text.TOO_MANY_CONNECTIONS: "too many connections; try again later",
}
