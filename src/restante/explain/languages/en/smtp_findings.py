"""The diagnoses of SMTP and LMTP in English: what happened, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from restante.explain.smtp.catalog import SmtpDiagnosis

__all__ = ["SMTP_FINDINGS"]

SMTP_FINDINGS: Final[Mapping[SmtpDiagnosis, tuple[str, str]]] = {
    SmtpDiagnosis.TURNED_AWAY: (
        "The server takes no mail from this client, and says so before anything was asked: “{text}”",
        "Read what it says. Most likely it does not want this network or address: hand the mail to your own "
        "provider's server instead.",
    ),
    SmtpDiagnosis.TOO_MANY_CONNECTIONS: (
        "The server has too many connections, from this client or from all: “{text}”",
        "Wait and try again with fewer at a time; send several messages over one connection.",
    ),
    SmtpDiagnosis.NO_GREETING: (
        "The server said nothing at all before the line was closed.",
        "Ask whether this port expects TLS from the first octet: 465 does, 25 and 587 do not. If it is the right "
        "one, look at the server.",
    ),
    SmtpDiagnosis.TLS_TO_PLAIN_PORT: (
        "The client began TLS at once, but this port speaks in the clear first.",
        "Set the client to STARTTLS on this port (25 and 587 have that), or to SSL/TLS on port 465.",
    ),
    SmtpDiagnosis.PLAIN_TO_TLS_PORT: (
        "The client spoke in the clear, but this port expects TLS from the first octet.",
        "Set the client to SSL/TLS on this port (465 has that), or to STARTTLS on port 587.",
    ),
    SmtpDiagnosis.OTHER_CLIENT: (
        "A client that speaks {protocol} came to the SMTP port.",
        "Check the port in the client's settings. A browser, a health check or a scanner does it, too: find out "
        "who connects.",
    ),
    SmtpDiagnosis.OTHER_SERVER: (
        "The server at this port speaks {protocol}, not SMTP.",
        "Check name and port: mail is handed in at 465 with TLS, or at 587; servers take it from each other at 25.",
    ),
    SmtpDiagnosis.EARLY_TALKER: (
        "The client spoke before the server had greeted it.",
        "Let the client wait for the line that begins with 220. Some servers take one that does not for a "
        "spammer's, and refuse its mail.",
    ),
    SmtpDiagnosis.STARTTLS_REFUSED: (
        "The server refused to begin TLS: “{text}”",
        "Give the server a certificate, or use port 465. Do not send a password in the clear.",
    ),
    SmtpDiagnosis.STARTTLS_NEEDED: (
        "The server wants TLS before it goes on: “{text}”",
        "Set the client to STARTTLS on this port, or to SSL/TLS on port 465.",
    ),
    SmtpDiagnosis.STARTTLS_MISSING: (
        "A password crosses an open line, and the server announces no STARTTLS: either it has no TLS, or somebody "
        "in between took the word out.",
        "Use port 465 with SSL/TLS. If STARTTLS worked here before, do not log in from this network.",
    ),
    SmtpDiagnosis.COMMANDS_BEHIND_STARTTLS: (
        "Commands were sent behind STARTTLS, before TLS began ({count}).",
        "A client must wait there. If the client is a good one, somebody in between slipped them in: the server "
        "has to throw them away.",
    ),
    SmtpDiagnosis.PASSWORD_IN_THE_CLEAR: (
        "The password crosses an open line: everybody on the way can read it.",
        "Set the client to SSL/TLS on port 465, or to STARTTLS; on the server, take no login without TLS.",
    ),
    SmtpDiagnosis.AUTH_NEEDED: (
        "The server takes this mail only after a login: “{text}”",
        "Switch authentication on in the client's settings for outgoing mail; name and password are mostly those "
        "of incoming mail.",
    ),
    SmtpDiagnosis.AUTH_FAILED: (
        "The server says that the name or the password is wrong: “{text}”",
        "Check both. Many providers want the whole address as the name, or an application password.",
    ),
    SmtpDiagnosis.AUTH_FAILS_FOR_NOW: (
        "The server could not judge the login, for now: “{text}”",
        "The password need not be at fault: do not change it. Try again later.",
    ),
    SmtpDiagnosis.AUTH_OTHER_WAY: (
        "The server wants another kind of login than {mechanism}: “{text}”",
        "Read what it says. It may want an application password, OAuth2, or another of the ways that it lists "
        "behind EHLO.",
    ),
    SmtpDiagnosis.AUTH_NOT_OFFERED: (
        "The client tried to log in by {mechanism}, which the server does not offer here: “{text}”",
        "Many servers offer logins only under TLS or only at port 587 and 465. Choose one of the ways that it "
        "lists behind EHLO.",
    ),
    SmtpDiagnosis.HELLO_REFUSED: (
        "The server does not like how the client calls itself: “{text}”",
        "Give the client's machine a full name that the DNS knows (mail.example.org), and have it say that in "
        "EHLO.",
    ),
    SmtpDiagnosis.RELAY_DENIED: (
        "The server does not pass on mail for {address}: that domain is not one of its own, and it does not know "
        "who the client is: “{text}”",
        "If you are its user, log in (and use port 587 or 465). If it should take this mail, add the domain to "
        "those that it is responsible for.",
    ),
    SmtpDiagnosis.USER_UNKNOWN: (
        "The server has no mailbox {address}: “{text}”",
        "Check the address for a typing error. If it is right, ask the recipient; to try again without a change is "
        "in vain.",
    ),
    SmtpDiagnosis.DOMAIN_UNKNOWN: (
        "The server cannot find where mail for {address} goes: “{text}”",
        "Check the part behind the @, and that the domain is in the DNS and has an MX record.",
    ),
    SmtpDiagnosis.ADDRESS_MALFORMED: (
        "An address is not written as it has to be: “{text}”",
        "Write it as <name@example.org>, in angle brackets, with nothing else in it.",
    ),
    SmtpDiagnosis.MAILBOX_DISABLED: (
        "The mailbox {address} is there, but takes no mail: “{text}”",
        "Reach the recipient in another way: the account is closed, locked or asleep.",
    ),
    SmtpDiagnosis.MAILBOX_FULL: (
        "The mailbox {address} is full: “{text}”",
        "Tell the recipient in another way, and send again once there is room.",
    ),
    SmtpDiagnosis.STORAGE_FULL: (
        "The server itself has no room for the message: “{text}”",
        "Keep the message and try again later. Tell the server's administrator; often the disk is full.",
    ),
    SmtpDiagnosis.TOO_MANY_RECIPIENTS: (
        "The server takes no more recipients for one message: “{text}”",
        "Send the message to those it took, and then again to the others.",
    ),
    SmtpDiagnosis.NO_RECIPIENTS: (
        "The message could not be sent, since not one recipient was taken: “{text}”",
        "Look further up at why each was refused.",
    ),
    SmtpDiagnosis.SENDER_REFUSED: (
        "The server takes nothing from this sender: “{text}”",
        "Check the address behind MAIL FROM: its domain must exist and take mail itself.",
    ),
    SmtpDiagnosis.SENDER_NOT_YOURS: (
        "The server does not let this client send in the sender's name: “{text}”",
        "Use the address of the account that logs in, or have the server allow this one for it.",
    ),
    SmtpDiagnosis.GREYLISTED: (
        "The server asks to come back later, most likely since it has not seen this sender before (greylisting): "
        "“{text}”",
        "Nothing is wrong: try again in a quarter of an hour from the same address. A mail server does so by "
        "itself.",
    ),
    SmtpDiagnosis.TOO_FAST: (
        "The server has had too much from this client in a short time: “{text}”",
        "Wait, then send more slowly. If you did not send that much, somebody else may: look at what the account "
        "and the machine sent.",
    ),
    SmtpDiagnosis.SPF_FAILED: (
        "The sender's domain does not allow this machine to send its mail (SPF): “{text}”",
        "Send through the domain's own server, or add this machine's address to the domain's SPF record. Mail "
        "that is forwarded fails so, too.",
    ),
    SmtpDiagnosis.DKIM_FAILED: (
        "The message's signature is missing or does not hold (DKIM): “{text}”",
        "Have the sending server sign, look whether the key in the DNS is the right one, and let nothing change "
        "the message behind that.",
    ),
    SmtpDiagnosis.DMARC_FAILED: (
        "The message does not prove that it comes from the domain in its From (DMARC): “{text}”",
        "Send through the server of that domain, and let SPF or DKIM pass for the same domain as in From.",
    ),
    SmtpDiagnosis.REVERSE_NAME_MISSING: (
        "The client's address has no name in the DNS, or one that does not lead back to it: “{text}”",
        "Ask whoever gave you the address for a PTR record with the name that the machine says in EHLO; from a "
        "home line, send through your provider.",
    ),
    SmtpDiagnosis.BLOCKLISTED: (
        "The client's address or domain is on a list of those who send spam: “{text}”",
        "Find out why, mend it, and ask the list to take it off; most have a page for that. From a home line, send "
        "through your provider.",
    ),
    SmtpDiagnosis.CONTENT_REFUSED: (
        "The server does not like what is in the message: “{text}”",
        "Look for what a filter could take for spam or a virus: links, attachments, a From that is not yours.",
    ),
    SmtpDiagnosis.POLICY_REFUSED: (
        "A rule of the server forbids this: “{text}”",
        "Read what it says, and ask its administrator; to try again without a change is in vain.",
    ),
    SmtpDiagnosis.MESSAGE_TOO_BIG: (
        "The message is larger than the server or the recipient takes: “{text}”",
        "Send less, or a link to it. The server's limit stands behind SIZE in its answer to EHLO; an attachment "
        "grows by a third on its way.",
    ),
    SmtpDiagnosis.EIGHT_BIT_UNANNOUNCED: (
        "The message has octets beyond ASCII, but the server did not announce 8BITMIME: they may be mutilated.",
        "Have the client encode the message (quoted-printable or base64), or switch 8BITMIME on at the server.",
    ),
    SmtpDiagnosis.UTF8_NEEDED: (
        "An address or a header has characters beyond ASCII, which takes SMTPUTF8 on both sides; here it was not "
        "agreed on.",
        "Have the client encode headers (RFC 2047) and domains (xn--), or use a server that announces SMTPUTF8 and "
        "a client that asks for it.",
    ),
    SmtpDiagnosis.BARE_LINE_ENDS: (
        "The client ends lines in LF alone and not in CRLF ({count}).",
        "Have the client write CRLF. Servers refuse such mail more and more, since a second message can be "
        "smuggled in with it.",
    ),
    SmtpDiagnosis.BARE_LINE_ENDS_REFUSED: (
        "The server takes no lines that end in CR or LF alone: “{text}”",
        "Have the client write CRLF at each line's end: a script, an old library or a device is mostly the one.",
    ),
    SmtpDiagnosis.END_BETWEEN_BARE_LINE_ENDS: (
        "The server took a dot between line ends that are not CRLF for the message's end.",
        "Update the server: what one server takes for the end and another does not lets a second message be "
        "smuggled in.",
    ),
    SmtpDiagnosis.END_MISSING: (
        "The message never ended: the server waited for a dot alone on a line, between CRLF and CRLF, and it did "
        "not come.",
        "Have the client end the message with CRLF, a dot, CRLF. A dot between other line ends does not count.",
    ),
    SmtpDiagnosis.MESSAGE_BROKEN_OFF: (
        "The client broke off within the message, after {octets} octets: nothing was handed in.",
        "Send it again. If it always breaks at the same place, look for a time-out, a virus scanner or a small MTU "
        "in between.",
    ),
    SmtpDiagnosis.UNDOUBLED_DOTS: (
        "Lines of the message begin with one dot ({count}): the client does not double them.",
        "The server takes those dots away, or ends the message there. Update the client.",
    ),
    SmtpDiagnosis.LONG_LINE: (
        "The message has a line of {octets} octets; 1,000 is the most that a server has to take.",
        "Have the client break lines or encode the message (quoted-printable or base64): some servers cut such a "
        "line, or refuse it.",
    ),
    SmtpDiagnosis.BAD_SEQUENCE: (
        "{command} came at a moment at which the server does not take it: “{text}”",
        "The order is EHLO, (STARTTLS and EHLO once more,) (AUTH,) MAIL, RCPT, DATA. Look at what was refused "
        "before it.",
    ),
    SmtpDiagnosis.UNKNOWN_COMMAND: (
        "The server does not know {command}, or does not do it: “{text}”",
        "Use only what it lists behind EHLO. What is no command at all may be a password or a message that came "
        "out of step.",
    ),
    SmtpDiagnosis.PIPELINING_UNANNOUNCED: (
        "The client sent the next command before the last was answered, and the server did not announce "
        "PIPELINING.",
        "Let the client wait for each answer: servers may lose commands, or take the client for a spammer's.",
    ),
    SmtpDiagnosis.REFUSED_FOR_NOW: (
        "The server cannot do {command} just now: “{text}”",
        "Keep the message and try again later. If it stays so, read what it says, or look at its log.",
    ),
    SmtpDiagnosis.REFUSED: (
        "The server refuses {command} for good: “{text}”",
        "Read what it says: to try again without a change is in vain.",
    ),
    SmtpDiagnosis.TIMED_OUT: (
        "The line was closed since nothing was said for too long. {text}",
        "What was not answered for was not handed in: send it again, and look at what the client or the network "
        "waited for.",
    ),
    SmtpDiagnosis.SERVER_CLOSES: (
        "The server ends the session of its own accord: “{text}”",
        "Keep what was not answered with 250, and try again later. Read what it says: often it is being stopped.",
    ),
    SmtpDiagnosis.ANSWER_MISSING: (
        "The line broke before {command} was answered.",
        "What was not answered for was not handed in: try again. Look at the server's log at this time; a firewall "
        "may have cut the line.",
    ),
    SmtpDiagnosis.MESSAGE_UNANSWERED: (
        "The whole message was sent, but the line broke before the server answered for it: whether it has it, "
        "nobody can tell from here.",
        "Look into the server's log before you send again: the recipient may get it twice. Let the client wait ten "
        "minutes for this answer.",
    ),
    SmtpDiagnosis.QUIT_MISSING: (
        "The client hung up without QUIT.",
        "Nothing is lost that was answered with 250. A client should say QUIT: some servers count against it that "
        "it does not.",
    ),
}
