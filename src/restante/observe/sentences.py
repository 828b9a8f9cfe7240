"""A line of the log as people read it: who, what, and the figures as `key=value`.

    pop3(ted)<k3f9>: session ended: quit, peer=203.0.113.5, top=0, retr=2/4310, del=1/2155, left=2/7716, …

The shape is the one that administrators of POP3 servers know. Nothing from outside stands here but as a value: bare
when it is one harmless word, else in quotes (see `hostile`), so that it can forge neither a line nor a field.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from restante.observe.entries import Entry, Field
from restante.observe.hostile import quoted

__all__ = ["sentence_of"]

_WORDS: Final[Mapping[str, str]] = {
    "login_accepted": "logged in",
    "mail_session_ended": "session ended",
    "sender_logged_in": "logged in to send",
    "login_refused": "login refused",
    "login_deferred": "login cannot be judged now",
    "maildrop_busy": "login turned away, since the maildrop is in use",
    "update_failed": "UPDATE failed, the client was told so",
    "tls_failed": "TLS handshake failed",
    "certificates_read": "certificates read anew",
    "certificates_not_read": "certificates not read, the old ones stay in use",
    "message_delivered": "delivered",
    "delivery_refused": "refused for good",
    "delivery_deferred": "not taken now, the sender will try again",
    "fault_met": "fault",
    "connection_refused": "connection refused",
    "server_stopping": "stopping",
    "command_received": "command",
    "reply_sent": "reply",
    "lines_lost": "lines of this log were lost, since they could not be written",
}

_SPEAKERS: Final[Mapping[str, str]] = {
    "fault_met": "server",
    "server_stopping": "server",
    "lines_lost": "server",
    # Of whichever door the session came through.
    "command_received": "wire",
    "reply_sent": "wire",
}
_IN_THE_HEAD: Final = frozenset({"session", "account", "door"})


def sentence_of(entry: Entry) -> str:
    """Give the line of an entry, without time, level or line end; printable ASCII only."""
    fields = entry.fields
    head = _head(entry.name, fields)
    if entry.name == "session_ended":
        return f"{head}: {_end(fields)}"
    pairs = [
        f"{key}={_shown(value)}" for key, value in fields.items() if value is not None and key not in _IN_THE_HEAD
    ]
    return ", ".join([f"{head}: {_WORDS[entry.name]}", *pairs])


def _shown(value: Field) -> str:
    if isinstance(value, str):
        return quoted(value)
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _head(name: str, fields: Mapping[str, Field]) -> str:
    """Give who speaks: the door, then `(account)` and `<session>` where there are any."""
    head = str(fields.get("door") or _SPEAKERS.get(name, "pop3"))
    account, session = fields.get("account"), fields.get("session")
    if account is not None:
        head += f"({quoted(str(account))})"
    if session is not None:
        head += f"<{session}>"
    return head


def _end(fields: Mapping[str, Field]) -> str:
    peer = quoted(str(fields["peer"]))
    tail = f"commands={fields['commands']}, seconds={fields['seconds']:.3f}"
    if fields["account"] is None:
        return f"session ended without a login: {fields['outcome']}, peer={peer}, {tail}"
    line = (
        f"session ended: {fields['outcome']}, peer={peer}, top={fields['peeked']}, "
        f"retr={fields['retrieved']}/{fields['retrieved_octets']}, "
        f"del={fields['removed']}/{fields['removed_octets']}, "
        f"left={fields['left']}/{fields['left_octets']}, {tail}"
    )
    changed = fields["unique_ids_changed"]
    if changed == 1:
        line += (
            "; the unique-id of 1 message changed since the last session: "
            "clients that leave mail on the server will download it again"
        )
    elif changed:
        line += (
            f"; the unique-ids of {changed} messages changed since the last session: "
            f"clients that leave mail on the server will download {changed} messages again"
        )
    return line
