"""The diagnoses in English: what happened, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from restante.explain.diagnoses.catalog import Diagnosis
from restante.explain.languages.en.findings_of_mail import OF_MAIL

__all__ = ["FINDINGS"]

FINDINGS: Final[Mapping[Diagnosis, tuple[str, str]]] = {
    Diagnosis.GREETING_REFUSED: (
        "The server turned the client away before anything was asked: “{text}”",
        "Read what it says; often there are too many connections, or the server is being stopped. Try again later.",
    ),
    Diagnosis.NO_GREETING: (
        "The server said nothing at all before the line was closed.",
        "Ask whether this port expects TLS from the first octet: 995 does, 110 does not. If it is the right "
        "one, look at the server.",
    ),
    Diagnosis.TLS_TO_PLAIN_PORT: (
        "The client began TLS at once, but this port speaks in the clear first.",
        "Set the client to port 995 with TLS, or to STARTTLS (STLS) on this port.",
    ),
    Diagnosis.PLAIN_TO_TLS_PORT: (
        "The client spoke in the clear, but this port expects TLS from the first octet.",
        "Set the client to SSL/TLS on this port, or to port 110 with STARTTLS (STLS).",
    ),
    Diagnosis.HTTP_CLIENT: (
        "A web browser, a health check or a scanner spoke HTTP to the POP3 port.",
        "Find out who connects. A health check should only connect, or read the greeting and say QUIT.",
    ),
    Diagnosis.OTHER_CLIENT: (
        "A client that speaks {protocol} came to the POP3 port.",
        "Check the port number in the client's settings.",
    ),
    Diagnosis.OTHER_SERVER: (
        "The server at this port speaks {protocol}, not POP3.",
        "Check name and port: POP3 is at 995 with TLS, and at 110.",
    ),
    Diagnosis.CAPTURE_GAP: (
        "The capture misses {octets} octets here, so what follows may be told wrongly.",
        "Capture again with a larger buffer and whole packets (tcpdump -B 4096 -s 0).",
    ),
    Diagnosis.CERTIFICATE_REJECTED: (
        "The certificate is not accepted: {alert}.",
        "Check the certificate's dates, its names, and that the server sends the whole chain.",
    ),
    Diagnosis.TLS_BROKEN_OFF: (
        "The client broke TLS off when it had seen the server's certificate; why, it said under TLS.",
        "Most likely it does not trust the certificate: look at the client's own message. Check dates, "
        "names, and that the server sends the whole chain.",
    ),
    Diagnosis.TLS_NO_AGREEMENT: (
        "Client and server could not agree on TLS: {alert}.",
        "Old programs know no TLS 1.2, and new ones nothing older. Update the older of the two.",
    ),
    Diagnosis.STLS_REFUSED: (
        "The server refused to begin TLS: “{text}”",
        "Give the server a certificate, or use port 995. Do not go on in the clear.",
    ),
    Diagnosis.STLS_UNDER_TLS: (
        "The client asked for TLS where TLS stands already; the server is right to refuse.",
        "Nothing is lost. Set the client to one of the two: SSL/TLS, or STARTTLS.",
    ),
    Diagnosis.STLS_MISSING: (
        "A password crosses an open line, and the server announces no STLS: either it has no TLS, or somebody "
        "in between took the word out.",
        "Use port 995. If TLS worked here before, do not log in from this network.",
    ),
    Diagnosis.STLS_VANISHED: (
        "In an earlier session this server announced STLS; now it does not.",
        "Somebody in between may have taken it out. Do not log in from this network; compare with another one.",
    ),
    Diagnosis.LOGIN_AFTER_STLS_REFUSED: (
        "TLS was refused, and the client sent the password in the clear all the same.",
        "Set the client to require TLS, and change the password: anybody on the way can know it.",
    ),
    Diagnosis.COMMANDS_BEHIND_STLS: (
        "Commands were sent behind STLS, before TLS began ({count}).",
        "A client must wait there. If the client is a good one, somebody in between slipped them in: the server "
        "has to close.",
    ),
    Diagnosis.SERVER_SPEAKS_BEHIND_STLS: (
        "The server's side said more after it had agreed to begin TLS.",
        "A client must throw that away or hang up: somebody in between may have put it there.",
    ),
    Diagnosis.PASSWORD_IN_THE_CLEAR: (
        "The password crosses an open line: everybody on the way can read it.",
        "Set the client to SSL/TLS on port 995, or to STARTTLS; on the server, refuse plain logins.",
    ),
    Diagnosis.TLS_NOT_RECORDED: (
        "The record does not say whether TLS was under this. If not, everybody on the way can read the password.",
        "Check that the client is set to SSL/TLS on port 995, or to STARTTLS. A capture shows it.",
    ),
    Diagnosis.CREDENTIALS_REFUSED: (
        "The server says that the name or the password is wrong: “{text}”",
        "Check both. Many providers want the whole address as the name, or an application password.",
    ),
    Diagnosis.LOGIN_REFUSED: (
        "The login was refused, and the server gives no code that says why: “{text}”",
        "Read its text. Most likely name or password is wrong; it may also be that POP3 is switched off for the "
        "account.",
    ),
    Diagnosis.LOGIN_FAILS_FOR_NOW: (
        "The server could not judge the login: it has a problem of its own, for now (“{text}”).",
        "The password is not at fault: do not change it. Try again later.",
    ),
    Diagnosis.LOGIN_FAILS_FOR_GOOD: (
        "The server has a problem that somebody has to mend before this login can work: “{text}”",
        "The password is not at fault. Tell the server's administrator.",
    ),
    Diagnosis.POP3_SWITCHED_OFF: (
        "POP3 is switched off for this account: “{text}”",
        "Switch it on in the provider's settings, often a page on the web; otherwise ask the administrator. "
        "The password is not at fault.",
    ),
    Diagnosis.LOCK_HELD: (
        "The password is right, but another session holds the maildrop: “{text}”",
        "Close the other mail program, or wait until its session ends. Do not change the password.",
    ),
    Diagnosis.LOGIN_TOO_SOON: (
        "The account logged in a moment ago, and the server wants some time in between: “{text}”",
        "Let the client ask less often; CAPA's LOGIN-DELAY says how long to wait.",
    ),
    Diagnosis.USER_REFUSED: (
        "The server refused the name before any password was given: “{text}”",
        "Check the name. A server that says which names it has helps those who guess; one that allows no plain "
        "logins refuses here, too.",
    ),
    Diagnosis.TLS_WANTED_FIRST: (
        "The server takes no password in the clear: “{text}”",
        "Set the client to STARTTLS (STLS) here, or to SSL/TLS on port 995.",
    ),
    Diagnosis.PASS_WITHOUT_USER: (
        "PASS came without a good USER right before it: “{text}”",
        "Send USER, wait for +OK, then PASS, with nothing in between.",
    ),
    Diagnosis.MANY_FAILED_LOGINS: (
        "{count} logins were refused in one session.",
        "If this is you, stop the client before the account is locked. If not, somebody is guessing.",
    ),
    Diagnosis.MECHANISM_NOT_OFFERED: (
        "The client tried {mechanism}, which the server does not offer.",
        "Choose one that CAPA lists in its line SASL, or USER and PASS under TLS.",
    ),
    Diagnosis.SASL_CANCELLED: (
        "The client broke off the login by {mechanism}.",
        "Look at the client: it did not like the challenge, or has no token or password to answer it with.",
    ),
    Diagnosis.SASL_BAD_BASE64: (
        "What the client sent within {mechanism} is not base64.",
        "The client is at fault: blanks, a missing equals sign or a line broken in two are the usual reasons.",
    ),
    Diagnosis.OAUTH_REFUSED: (
        "The server did not accept the OAuth token: “{status}”",
        "Let the client get a new token. Check that it is for this account, and that its scope includes POP3.",
    ),
    Diagnosis.AUTH_LINE_TOO_LONG: (
        "The line of AUTH has {octets} octets; 255 is the most.",
        "Send AUTH without an initial response, and the token after the server's plus sign.",
    ),
    Diagnosis.APOP_WITHOUT_TIMESTAMP: (
        "The client used APOP, but the greeting carried no timestamp for it.",
        "APOP is not offered here: use AUTH, or USER and PASS, under TLS.",
    ),
    Diagnosis.APOP_TIMESTAMP_MALFORMED: (
        "The greeting's APOP timestamp does not have the form of a message-id.",
        "Do not use APOP here: a malformed timestamp is the mark of an attack that finds out passwords "
        "(CVE-2007-1558).",
    ),
    Diagnosis.APOP_TIMESTAMP_REPEATED: (
        "Two sessions had the same APOP timestamp: {timestamp}",
        "An answer that was heard once can be used again. Do not use APOP here, and update the server.",
    ),
    Diagnosis.WEAK_DIGEST: (
        "{mechanism} crossed an open line: whoever listens can try out passwords against it at leisure.",
        "Use TLS. Under it, PLAIN or SCRAM is the better choice.",
    ),
    Diagnosis.COMMAND_BEFORE_LOGIN: (
        "{keyword} came before the login, where it is not allowed.",
        "Log in first. If a login came before, look at why it was refused.",
    ),
    Diagnosis.LOGIN_COMMAND_AFTER_LOGIN: (
        "{keyword} came after the login, where it is not allowed.",
        "Begin a new session for another login.",
    ),
    Diagnosis.UNKNOWN_COMMAND: (
        "The client sent something that is no command here: “{text}”",
        "Ask with CAPA first what the server can do. A password that comes out of step looks like this, too.",
    ),
    Diagnosis.BAD_ARGUMENTS: (
        "A command did not have the form that it should have, which is: {syntax}",
        "Look at the client; numbers stand without signs, and one space parts the arguments.",
    ),
    Diagnosis.NUMBER_ZERO: (
        "{keyword} asked for message 0; the first one is 1.",
        "Look at the client: it counts from nought.",
    ),
    Diagnosis.NO_SUCH_MESSAGE: (
        "There is no message {number} in this session.",
        "Let the client ask with LIST or UIDL in each session: numbers hold for one session only.",
    ),
    Diagnosis.MESSAGE_MARKED_ALREADY: (
        "Message {number} is marked already, and counts as deleted.",
        "Fetch before DELE; RSET takes all marks off.",
    ),
    Diagnosis.MESSAGE_REFUSED: (
        "{keyword} of message {number} was refused, though the message is there: “{text}”",
        "Let the client go on with the next one: one broken message must not hold up the rest. On the "
        "server, look at that message's file.",
    ),
    Diagnosis.UTF8_NEEDED: (
        "There is mail with headers in UTF-8 here, and the client has not said that it takes them: “{text}”",
        "A client that says UTF8 before its login gets it. With an old one, read that message another way.",
    ),
    Diagnosis.COMMAND_REFUSED: (
        "The server refused {keyword}, which every POP3 server has after the login: “{text}”",
        "The maildrop cannot be used like this. Look at the server's log; often its store cannot be read.",
    ),
    Diagnosis.COMMAND_LINE_TOO_LONG: (
        "A command line has {octets} octets; 255 is the most.",
        "Look at the client, and at who it is: long lines are also how one tries to break a server.",
    ),
    Diagnosis.STATUS_LINE_TOO_LONG: (
        "A status line of the server has {octets} octets; 512 is the most.",
        "Clients may cut it or hang up. Update the server.",
    ),
    Diagnosis.CLIENT_BARE_LF: (
        "The client ends its lines with LF alone; the protocol says CR LF.",
        "Many servers take it, some wait for ever. With netcat use -C, with openssl s_client -crlf.",
    ),
    Diagnosis.SERVER_BARE_LF: (
        "The server ends lines with LF alone; the protocol says CR LF.",
        "Strict clients hang, and octets do not add up. The server's store has to turn line ends into CR LF.",
    ),
    Diagnosis.STRAY_LINES: (
        "The server sent a line that answers nothing: the two are out of step.",
        "What follows may be told wrongly. An answer ended too early, often by a dot that was not doubled.",
    ),
    Diagnosis.PIPELINING_UNANNOUNCED: (
        "The client did not wait for an answer, though the server does not announce PIPELINING.",
        "It went well here perhaps; elsewhere octets get lost. Let the client wait.",
    ),
    Diagnosis.UIDL_REFUSED: (
        "The server gives no unique-ids: “{text}”",
        "A client that leaves mail on this server cannot know what it has fetched already.",
    ),
    Diagnosis.TOP_REFUSED: (
        "The server shows no beginnings of messages: “{text}”",
        "The client has to fetch whole messages.",
    ),
    Diagnosis.CAPABILITY_UNANNOUNCED: (
        "{keyword} works here, but CAPA does not name it.",
        "Clients that believe CAPA do without it: they fetch all mail again, or whole messages for a look. "
        "Update the server.",
    ),
    Diagnosis.CAPA_REFUSED: (
        "The server does not tell what it can do: “{text}”",
        "It is an old one. A client has to find out by trying; TLS then only on port 995.",
    ),
    **OF_MAIL,
}
