"""What a talk by hand says in English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from restante.explain.talk_phrases import TalkPhrase
from restante.proto.spec import SPECS

__all__ = ["COMMANDS", "STEPS", "TALK"]

TALK: Final[Mapping[TalkPhrase, str]] = {
    TalkPhrase.WELCOME: "Type a command, or help. Tab completes.",
    TalkPhrase.ASKS_NAME: "Name:",
    TalkPhrase.ASKS_PASSWORD: "Password, which is not shown:",
    TalkPhrase.ASKS_TOKEN: "Token, which is not shown:",
    TalkPhrase.ASKS_RESPONSE: "The server asks. Answer in base64, which is not shown; * gives up:",
    TalkPhrase.NO_PASSWORD: "no password was typed, and nothing was sent: try again",
    TalkPhrase.UNFIT_LINE: (
        "a line for a server is not empty, and holds no control characters: nothing was sent; type it anew"
    ),
    TalkPhrase.HANGS_UP: "you hang up without QUIT: no message is removed",
    TalkPhrase.MORE_LINES: "(Type more to see the lines that follow.)",
    TalkPhrase.NO_MORE: "Nothing more is left to show.",
    TalkPhrase.GONE_BEFORE_LOGIN: (
        "{server} closed the connection while nothing was said: servers wait for a login a minute or so. Nothing "
        "has changed. Start again, and have name and password at hand"
    ),
    TalkPhrase.GONE_AFTER_REFUSAL: (
        "{server} closed the connection after the refused login, as some do. Nothing has changed. Start again, "
        "and check name and password"
    ),
    TalkPhrase.GONE_UNMARKED: (
        "{server} closed the connection while nothing was said: most do after ten minutes. No deletion mark was "
        "set, and every message is still there. Start again; NOOP now and then keeps a session"
    ),
    TalkPhrase.GONE_WITH_ONE_MARK: (
        "{server} closed the connection while nothing was said: most do after ten minutes. The deletion mark fell "
        "with it, and the message is still there. Start again, mark it anew, and end with QUIT"
    ),
    TalkPhrase.GONE_WITH_MARKS: (
        "{server} closed the connection while nothing was said: most do after ten minutes. The {count} deletion "
        "marks fell with it, and the messages are still there. Start again, mark them anew, and end with QUIT"
    ),
    TalkPhrase.HELP_DOES: "Tells what can be said now, or what a command does.",
    TalkPhrase.MORE_DOES: "Shows the next lines of a long answer.",
    TalkPhrase.NOT_ANNOUNCED: "not announced here:",
    TalkPhrase.WHICH_COMMAND: "[command]",
    TalkPhrase.CAN_BE_SAID: "What can be said now, in the state {state}:",
    TalkPhrase.IN_ANOTHER_STATE: "In another state: {commands}.",
    TalkPhrase.MORE_HELP: (
        "help RETR tells more of RETR. A line that begins with / is sent without it, as it stands: /HELP asks the "
        "server for help. Ctrl-C drops the line, Ctrl-D hangs up without QUIT."
    ),
    TalkPhrase.NO_COMMAND: "That is none of POP3's commands, which are {commands}.",
    TalkPhrase.WHEN: "When: {states}.",
    TalkPhrase.BEFORE_LOGIN: "AUTHORIZATION, before the login",
    TalkPhrase.AFTER_LOGIN: "TRANSACTION, after it",
    TalkPhrase.ANSWER: "Answer: {shape}.",
    TalkPhrase.SHAPE_LINE: "one line",
    TalkPhrase.SHAPE_LISTING: "a status line, further lines, and a lone dot",
    TalkPhrase.SHAPE_MESSAGE: "a status line, the message, and a lone dot",
    TalkPhrase.SHAPE_LISTING_UNLESS_NUMBER: "a listing, or one line when a message is named",
    TalkPhrase.SHAPE_LISTING_UNLESS_LANGUAGE: "a listing, or one line when a language is named",
    TalkPhrase.SHAPE_EXCHANGE: "challenges, then one line",
    TalkPhrase.SOURCE: "Source: {source}.",
    TalkPhrase.ARGUMENT_MSG: "msg is a message number, as LIST gives it.",
    TalkPhrase.ARGUMENT_N: "n is how many lines of the body; 0: the headers alone.",
    TalkPhrase.ARGUMENT_NAME: "name is that of the maildrop.",
    TalkPhrase.ARGUMENT_PASSWORD: (
        "password is all that follows the one space; without one you are asked, and it is not shown."
    ),
    TalkPhrase.ARGUMENT_DIGEST: (
        "digest is the MD5, in hex, of the greeting's timestamp with the password after it."
    ),
    TalkPhrase.ARGUMENT_MECHANISM: (
        "mechanism is one that CAPA lists after SASL; on a terminal, the exchange is made for you."
    ),
    TalkPhrase.ARGUMENT_INITIAL_RESPONSE: (
        "initial-response is in base64; behind a / (as in /AUTH PLAIN) you answer all the server asks by hand."
    ),
    TalkPhrase.ARGUMENT_LANGUAGE: "language is a tag, such as de.",
    TalkPhrase.ANNOUNCED_BY_THOSE_THAT_HAVE_IT: (
        "A server that has it says {capability} in its answer to CAPA, which you have not asked for yet."
    ),
    TalkPhrase.IS_ANNOUNCED: "This server has it: it says {capability} in its answer to CAPA.",
    TalkPhrase.IS_NOT_ANNOUNCED: (
        "This server does not announce it: {capability} is missing from its answer to CAPA. It may be tried."
    ),
    TalkPhrase.NOTHING_IS_ANNOUNCED: "This server knows no CAPA, so that only trying tells whether it has this.",
    TalkPhrase.OFFERS: "It offers {mechanisms}.",
    TalkPhrase.STEP: "Step {number} of {count}. {words}",
    TalkPhrase.TYPE: "Type: {line}",
    TalkPhrase.LEFT_EARLY: "You left with steps still to come ({left}). Begin again whenever you like.",
    TalkPhrase.WRONG_PASSWORD: (
        "That was not the password, and the server has forgotten the name too: both are said again."
    ),
    TalkPhrase.TRY_SO: "The server refused that: its answer says why. Try it so: {line}",
    TalkPhrase.ANOTHER_COMMAND: "That was another command, which is allowed. Now type: {line}",
}

COMMANDS: Final[Mapping[bytes, str]] = {keyword: spec.summary for keyword, spec in SPECS.items()}

STEPS: Final[Mapping[bytes, tuple[str, str]]] = {
    b"USER": (
        "The server has greeted you, with +OK. Every good answer begins so, and every refusal with -ERR. It does "
        "not know yet whose mail you come for: tell it a name.",
        "Any name gets this answer, so that nobody can find out by it who has mail here.",
    ),
    b"PASS": (
        "Now the password. This demo is on your own machine; elsewhere, let TLS stand before you say one.",
        "You are in the TRANSACTION state. The maildrop is locked for you: no other session gets in, and what you "
        "see of it stays the same until you leave.",
    ),
    b"STAT": (
        "How much mail waits? STAT tells it in two numbers.",
        "The first number counts the messages, the second their octets. It is the drop listing.",
    ),
    b"LIST": (
        "And each message by itself?",
        "A line for each: its number, which holds for this session only, and its octets. A lone dot ends an "
        "answer of several lines.",
    ),
    b"UIDL": (
        "Numbers begin anew in each session. What a message is called for good, UIDL tells.",
        "These are the unique-ids. Mail programs remember them, and so know which message is new to them.",
    ),
    b"TOP": (
        "Look at a message before you take all of it: TOP gives the headers, and as many lines of the body as you "
        "say. None, for now.",
        "The headers alone. That is how one finds out what is worth fetching over a slow line.",
    ),
    b"RETR": (
        "Now take the whole message.",
        "It came over, and it is still at the server: to retrieve is not to delete.",
    ),
    b"DELE": (
        "Set a deletion mark on it.",
        "It is marked, and not gone. If you hung up now, it would be here next time.",
    ),
    b"RSET": (
        "You think better of it. RSET takes all marks off.",
        "Nothing is marked any more.",
    ),
    b"QUIT": (
        "Say good-bye. Only QUIT brings the server to the UPDATE state, in which it removes what is marked.",
        "What was not marked is still there. That was a whole session of POP3.",
    ),
}
"""What each is for, and what it did."""
