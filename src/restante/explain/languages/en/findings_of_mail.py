"""The diagnoses of mail, of ends, and of several sessions in English: what happened, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from restante.explain.diagnoses.catalog import Diagnosis

__all__ = ["OF_MAIL"]

OF_MAIL: Final[Mapping[Diagnosis, tuple[str, str]]] = {
    Diagnosis.MESSAGE_CUT: (
        "Message {number} broke off after {octets} octets.",
        "What came is not the whole message: throw it away, and fetch again. Look for a time-out or a virus "
        "scanner in between.",
    ),
    Diagnosis.LISTING_CUT: (
        "The answer to {keyword} broke off.",
        "What is missing from it is not missing from the maildrop: do not take it for deleted.",
    ),
    Diagnosis.OCTETS_DIFFER: (
        "Message {number} has {came} octets, but LIST said {listed}.",
        "The server counts line ends as one octet, or adds headers on the way. Clients that trust the number "
        "cut or hang.",
    ),
    Diagnosis.DROP_LISTING_DIFFERS: (
        "STAT says {count} messages with {octets} octets, LIST {listed_count} with {listed_octets}.",
        "The server's numbers do not add up: update it, or have its index rebuilt.",
    ),
    Diagnosis.LISTINGS_DIFFER: (
        "LIST names {listed} messages and UIDL {named}; message {number} is in one of them only.",
        "A client that goes by UIDL does not see all mail. The server's numbers do not add up: update it, or "
        "have its index rebuilt.",
    ),
    Diagnosis.LISTING_MALFORMED: (
        "A line in the answer to {keyword} does not have the form that it should have: “{line}”",
        "It is a number, one space, and the octets or the unique-id. Clients skip such a line, and its "
        "message, or give up. Update the server.",
    ),
    Diagnosis.TOP_TOO_LONG: (
        "TOP of message {number} gave {came} lines of the body; {asked} were asked for.",
        "A look costs more than it should, and phones pay for it. Update the server; a client that counts "
        "lines shows too much.",
    ),
    Diagnosis.UNSTUFFED_DOTS: (
        "Message {number} has lines that begin with one dot: {count}. The server does not double them.",
        "The client takes those dots away, or ends the message there. Update the server, or what stands in "
        "between.",
    ),
    Diagnosis.UNIQUE_IDS_DOUBLED: (
        "{count} messages have the same unique-id: {unique_id}",
        "A client fetches one of them and takes the others for known: mail is not seen. Update the server.",
    ),
    Diagnosis.UNIQUE_ID_ILLEGAL: (
        "A unique-id is not 1 to 70 printable octets: {unique_id}",
        "Clients may cut it, and then take two messages for one. Update the server.",
    ),
    Diagnosis.LONG_MESSAGE_LINE: (
        "Message {number} has a line of {octets} octets; 1,000 is the most that a message should have.",
        "The server is right to send it as it is. Clients with a fixed buffer stumble here.",
    ),
    Diagnosis.GMAIL_NEW_ONLY: (
        "Gmail shows no mail here. That need not mean that there is none: it hides what any POP3 client has "
        "picked up before.",
        "To see the mail of the last 30 days all the same, put recent: before the name; for all of it, "
        "switch POP on again in Gmail's settings for all mail.",
    ),
    Diagnosis.SLOW_ANSWER: (
        "The server took {seconds} seconds to answer.",
        "Some clients give up. Look at the server: names it looks up, locks it waits for, a large maildrop it "
        "reads.",
    ),
    Diagnosis.BROKEN_WITH_MARKS: (
        "The session broke off before QUIT with {count} marked: nothing was deleted, since UPDATE was never "
        "reached.",
        "The client will meet these messages again. Let it remember by unique-id what it has.",
    ),
    Diagnosis.BROKEN_BEFORE_QUIT: (
        "The session broke off before QUIT. Nothing was deleted, and nothing was to be.",
        "If it happens often, look at the network and at the client's time-outs.",
    ),
    Diagnosis.QUIT_UNANSWERED: (
        "QUIT was not answered: whether the {count} marked messages are gone, nobody can tell from here.",
        "Ask again with UIDL in the next session, before anything is fetched or thrown away.",
    ),
    Diagnosis.UPDATE_FAILED: (
        "The server could not remove all that was marked: “{text}”",
        "Some of it will be there next time. Tell the server's administrator; often the disk is full or read-only.",
    ),
    Diagnosis.CLIENT_CHOKED: (
        "The client hung up at message {number}, which has a line of {octets} octets: most likely it cannot "
        "take that.",
        "The message is not the server's fault. Look for “line too long” in the client's log; raise its "
        "limit or update it, or move that message away.",
    ),
    Diagnosis.SERVER_HUNG_UP: (
        "The server ended the session of its own accord: “{text}”",
        "Nothing was deleted. Read what it says: often it is being stopped, or has had enough of this "
        "client. Begin a new session later.",
    ),
    Diagnosis.AUTOLOGOUT: (
        "The server ended the session of its own accord, most likely since nothing was asked for a while. {text}",
        "Nothing was deleted. Let the client ask again sooner, or begin a new session.",
    ),
    Diagnosis.ANSWER_MISSING: (
        "The line broke before {keyword} was answered.",
        "Look at the server's log at this time. A middlebox or a time-out may have cut the line.",
    ),
    Diagnosis.KEPT_AFTER_READING: (
        "Messages that were fetched stay on the server: {count}.",
        "That is fine if the client is to leave mail there. Otherwise it has to say DELE before QUIT.",
    ),
    Diagnosis.DELETED_UNREAD: (
        "Messages were deleted that were not fetched in this session: {count}.",
        "That is fine if they were fetched before. Otherwise they are gone unread.",
    ),
    Diagnosis.DUPLICATE_DELETED: (
        "Message {number} was marked unread, since another one has the same unique-id: {unique_id}",
        "The two need not be the same mail, and one would be lost. Stop the client before QUIT if you can; "
        "let it never delete what it has not stored.",
    ),
    Diagnosis.MARKS_TAKEN_OFF: (
        "RSET took {count} marks off, so nothing was deleted.",
        "Mark again in the next session, if they are to go.",
    ),
    Diagnosis.UNIQUE_IDS_CHANGED: (
        "The server changed its unique-ids: what was {before} is {unique_id} now. Clients download everything "
        "again.",
        "If the server was moved or rebuilt, take the old unique-ids over before clients connect.",
    ),
    Diagnosis.DOWNLOADED_AGAIN: (
        "A message was fetched that an earlier session had fetched already: {unique_id}",
        "The unique-id is the same, so the client forgot what it has, or there are two of them. Check that it can "
        "write its state.",
    ),
    Diagnosis.STUCK_AT_MESSAGE: (
        "Two sessions in a row broke off at message {number}: the client never gets past it.",
        "Look at the client's log for what it says of that message. Fetch it with another program, or move "
        "it away on the server, and the rest will come.",
    ),
    Diagnosis.ASKS_TOO_OFTEN: (
        "{count} sessions began within {seconds} seconds.",
        "Every few minutes is enough. Servers slow such clients down or refuse them (LOGIN-DELAY).",
    ),
    Diagnosis.OWN_LOCK: (
        "The session before broke off without QUIT, and its lock is still held.",
        "Wait until the server notices, at the latest at its time-out. Let the client say QUIT.",
    ),
}
