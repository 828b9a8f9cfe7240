"""What is said of SMTP and LMTP, in English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from restante.explain.smtp.phrases import SmtpLesson, SmtpPhrase

__all__ = ["SMTP_LESSONS", "SMTP_STORY"]

SMTP_STORY: Final[Mapping[SmtpPhrase, str]] = {
    SmtpPhrase.CHAPTER_ENVELOPE: "Envelope",
    SmtpPhrase.SAYS_HELLO: "Good day, I am {name}. What can you do?",
    SmtpPhrase.SAYS_MAIL: "I bring a message. If it cannot be delivered, tell {address}.",
    SmtpPhrase.SAYS_MAIL_OCTETS: "I bring a message of {octets} octets. If it cannot be delivered, tell {address}.",
    SmtpPhrase.SAYS_MAIL_NOBODY: "I bring a notice. If it cannot be delivered, tell nobody.",
    SmtpPhrase.SAYS_RCPT: "It is for {address}.",
    SmtpPhrase.SAYS_DATA: "Now the message itself.",
    SmtpPhrase.SAYS_RSET: "Forget the envelope: I begin anew.",
    SmtpPhrase.SAYS_VRFY: "Is there anybody of this name with you?",
    SmtpPhrase.SAYS_HELP: "What may one say here?",
    SmtpPhrase.MESSAGE_GIVEN: "(The message goes over the counter: {octets} octets in {lines} lines.)",
    SmtpPhrase.MESSAGE_GIVEN_OCTETS: "(The message goes over the counter: {octets} octets.)",
    SmtpPhrase.MESSAGE_NOT_SHOWN: "(The message goes over the counter. This record does not show it.)",
    SmtpPhrase.MESSAGE_CUT: "(The message breaks off after {octets} octets, without its end.)",
    SmtpPhrase.GREETS: "Here I am. Does anybody bring mail?",
    SmtpPhrase.ANSWERS_HELLO: "Welcome.",
    SmtpPhrase.ANSWERS_EXTENSIONS: "Welcome. I can do this: {names}",
    SmtpPhrase.ANSWERS_STARTTLS: "Gladly. Take hold of your end.",
    SmtpPhrase.ANSWERS_LOGIN: "You are who you say. Go on.",
    SmtpPhrase.ANSWERS_MAIL: "That will do as the sender.",
    SmtpPhrase.ANSWERS_RCPT: "For them I take it.",
    SmtpPhrase.ANSWERS_DATA: "Go ahead; a dot alone on a line ends it.",
    SmtpPhrase.ANSWERS_MESSAGE: "I have it, and see to it from here on.",
    SmtpPhrase.ANSWERS_RSET: "It is forgotten.",
    SmtpPhrase.ANSWERS_QUIT: "Good-bye!",
    SmtpPhrase.ANSWERS_WELL: "Very well.",
    SmtpPhrase.GREETS_BADLY: "I take no mail from you: “{text}”",
    SmtpPhrase.CLOSES: "I have to close: “{text}”",
    SmtpPhrase.REFUSES_LOGIN: "I cannot let you in: “{text}”",
    SmtpPhrase.REFUSES_TLS: "No curtain with me: “{text}”",
    SmtpPhrase.REFUSES_SENDER: "I take nothing from this sender: “{text}”",
    SmtpPhrase.REFUSES_RECIPIENT: "For them I take nothing: “{text}”",
    SmtpPhrase.REFUSES_RECIPIENT_FOR_NOW: "For them I can take nothing just now: “{text}”",
    SmtpPhrase.REFUSES_MESSAGE: "I do not take this message: “{text}”",
    SmtpPhrase.REFUSES_MESSAGE_FOR_NOW: "I cannot take this message just now: “{text}”",
    SmtpPhrase.REFUSES: "No: “{text}”",
    SmtpPhrase.REFUSES_FOR_NOW: "Not just now: “{text}”",
    SmtpPhrase.SAYS_UNASKED: "“{text}” (Nobody had asked.)",
    SmtpPhrase.CLOSED_EARLY: (
        "The line goes silent without a good-bye. What was not answered for was not handed in."
    ),
}

SMTP_LESSONS: Final[Mapping[SmtpLesson, str]] = {
    SmtpLesson.GREETING: (
        "In SMTP, too, the server speaks first. 220 means that it is ready; 554 that it takes no mail here."
    ),
    SmtpLesson.HELLO: (
        "EHLO names the client and asks for extensions: each line of the answer is one, SIZE with the "
        "largest message, AUTH with the ways to log in. HELO is the older form, which asks for none. LHLO is "
        "LMTP’s."
    ),
    SmtpLesson.STARTTLS: (
        "Before STARTTLS everything can be read on the way. After the handshake both forget what was said "
        "before, and EHLO is said again: what was announced in the clear may have been somebody else’s."
    ),
    SmtpLesson.AUTH: (
        "Handing mail in for strangers takes a login: else everybody could send in anybody’s name. The "
        "lines are base64, which hides nothing; TLS does."
    ),
    SmtpLesson.MAIL: (
        "MAIL opens an envelope and names the reverse-path, to which word goes when delivery fails. It need "
        "not be the From of the message, as the sender on an envelope need not be that of the letter."
    ),
    SmtpLesson.RCPT: (
        "Each RCPT names one recipient and is answered by itself: some may be taken while others are "
        "refused. Bcc works so: the name is on the envelope, and in no header."
    ),
    SmtpLesson.DATA: (
        "DATA asks for leave to send the message; 354 gives it. Up to here nothing of the message has been "
        "on the way."
    ),
    SmtpLesson.MESSAGE: (
        "The message ends with a line that holds a dot alone. A line of its own that begins with a dot gets "
        "a second one on the way, which the server takes off."
    ),
    SmtpLesson.TAKEN: (
        "With this 250 the server is responsible for the message: it delivers it, or tells the reverse-path "
        "that it could not. Before it, the client was, and keeps the message until then."
    ),
    SmtpLesson.LATER: (
        "A code that begins with 4 is for now: the same may succeed later, so a client keeps the message and "
        "tries again."
    ),
    SmtpLesson.NEVER: "A code that begins with 5 is for good: to try again without a change is in vain.",
    SmtpLesson.QUIT: (
        "QUIT ends the session. A message that was answered with 250 is safe, whether QUIT comes or not."
    ),
}
