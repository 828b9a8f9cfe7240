"""The lessons in English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from restante.explain.phrases import Lesson

__all__ = ["LESSONS"]

LESSONS: Final[Mapping[Lesson, str]] = {
    Lesson.CONNECTED: (
        "POP3 is a conversation over one TCP connection, in lines of text. The server speaks first: a client that "
        "hears nothing has usually reached a port where TLS is expected."
    ),
    Lesson.SECURED: (
        "Under TLS nobody between the two can read or change what they say, and the client has seen the server's "
        "certificate. What was said before it, capabilities too, counts for nothing: anybody could have written "
        "it."
    ),
    Lesson.SEALED: (
        "Only the first records of TLS can be read from outside. To see what is said, watch at one of the ends, "
        "or sit in between with both sides' consent."
    ),
    Lesson.GREETING: (
        "One line, +OK or -ERR, opens every session. The session is now in the AUTHORIZATION state: no mail is "
        "touched before the server knows who is calling."
    ),
    Lesson.APOP_TIMESTAMP: (
        "The text in angle brackets is different on each connection. APOP mixes it with the password, so that a "
        "listener cannot use the answer again. MD5 has grown weak; under TLS it is not needed."
    ),
    Lesson.USER: (
        "USER only names the maildrop. A careful server says +OK to unknown names too, so that nobody can find "
        "out by asking who has an account."
    ),
    Lesson.PASS: (
        "PASS comes right after USER, and everything behind its one space is the password, spaces included. "
        "Without TLS everybody on the way can read it."
    ),
    Lesson.APOP: (
        "Name and proof in one line: an MD5 digest over the greeting's timestamp and the password. The password "
        "does not cross the wire, but the server has to keep it readable."
    ),
    Lesson.AUTH: (
        "AUTH opens an exchange of challenges and responses in base64, which is an alphabet and no encryption. A "
        "client may send its first response along; otherwise the server asks for it with a lone plus sign."
    ),
    Lesson.AUTH_ALONE: (
        "AUTH without a mechanism stands in no RFC; old clients ask so for the list that CAPA gives today in its "
        "line SASL. A refusal is harmless."
    ),
    Lesson.CHALLENGE: (
        "A line that starts with a plus sign is neither yes nor no: the server waits for one more line. What the "
        "client answers is no command, whatever it looks like."
    ),
    Lesson.CANCEL: (
        "A lone asterisk ends an exchange that the client does not want to go on with. The server answers -ERR, "
        "and the session goes on as if nothing had been said."
    ),
    Lesson.STLS: (
        "STLS asks for TLS on this same connection. Nothing may be sent behind it until the handshake is done: "
        "whoever sits in between could otherwise slip commands in. A client that wants TLS goes no further if it "
        "is refused."
    ),
    Lesson.UTF8: (
        "Without it a server may not send headers in UTF-8 as they are; it has to rewrite them or to refuse. It "
        "comes before the login, since it changes what the maildrop looks like."
    ),
    Lesson.CAPA: (
        "The server lists what it can do beyond the oldest commands. A client that does not ask has to find out "
        "by trying. The answer may change with TLS and with the login, so a careful client asks again."
    ),
    Lesson.LANG: "It changes the language of the text behind +OK and -ERR, for people. Programs look at neither.",
    Lesson.LOGGED_IN: (
        "The login took the exclusive-access lock: until the end of this session nobody else gets in, and the "
        "messages are numbered once and for all. Mail that arrives now waits for the next session. This is "
        "TRANSACTION."
    ),
    Lesson.STAT: (
        "The drop listing: how many messages, and their octets. Programs read the two numbers and nothing behind "
        "them. Messages that are marked do not count."
    ),
    Lesson.LIST: (
        "The scan listing: each message's number and octets, so that a client can skip what is too large. Numbers "
        "hold for this session only; to know a message again one needs UIDL."
    ),
    Lesson.UIDL: (
        "A unique-id names a message for ever. This is how a client leaves mail on the server and still downloads "
        "each message once. If a server changes its ids, every client downloads everything again."
    ),
    Lesson.RETR: (
        "The whole message, as it was delivered. Nothing is deleted by reading: without DELE and QUIT it will be "
        "here next time, too."
    ),
    Lesson.TOP: (
        "Headers, the empty line, and as many lines of the body as asked for: a look without a download. Some "
        "servers count it as reading; none may count it as deleting."
    ),
    Lesson.DELE: (
        "DELE only sets a mark. The message goes when QUIT is answered; if the line breaks before that, or RSET "
        "comes, it stays. A careful client first has the message safely on its disk."
    ),
    Lesson.NOOP: (
        "It does nothing but show that somebody is there: a server may hang up after ten minutes of silence. It "
        "holds the lock, too, so that no other client gets in."
    ),
    Lesson.RSET: (
        "The way back before QUIT: all deletion marks of this session are off, and nothing will be removed."
    ),
    Lesson.QUIT: (
        "QUIT is what makes deletions real: the session enters UPDATE, the server removes what is marked, then "
        "answers. To hang up without it leaves everything as it was."
    ),
    Lesson.QUIT_BEFORE_LOGIN: "Before the login there is nothing to update: the server says good-bye and closes.",
    Lesson.UPDATED: (
        "UPDATE is over when this line comes: what was marked is gone for good, and the lock is free. If it does "
        "not come, a client cannot know, and asks again by UIDL next time."
    ),
    Lesson.MESSAGE: (
        "The end is a line with nothing but a dot. A line of the message that starts with a dot gets one more on "
        "the way, and the client takes it off. Octets count each line end as two, and neither those dots nor the "
        "end."
    ),
    Lesson.LISTING: (
        "Behind +OK come lines, and a line with nothing but a dot ends them. An empty list is that dot alone."
    ),
    Lesson.NO_COMMAND: (
        "A command is a keyword of three or four letters and its arguments, each behind one space. For anything "
        "else the server says -ERR; after several of them many hang up. It is not shown here: it may be a "
        "password that came out of step."
    ),
    Lesson.REFUSED: (
        "-ERR refuses this one command and changes nothing. The text behind it is for people: programs should not "
        "try to understand it."
    ),
    Lesson.REFUSED_WITH_CODE: (
        "The word in brackets is a response code, made for programs: it tells a wrong password (AUTH) from a full "
        "or broken server (SYS), and from a maildrop that is in use."
    ),
    Lesson.CLOSED_EARLY: (
        "A session that ends without QUIT never enters UPDATE: the marks are forgotten, and every message is "
        "still there. What the client had fetched it will meet again."
    ),
}
