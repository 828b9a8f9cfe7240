r"""What `--to` understands, and what it says of the rest."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.fetch.sinks import NoDestination, Sink, make_sink, parse_destination
from restante.fetch.sinks.destination import ImapFolder


def label(text: str) -> str:
    def own(name: str) -> Sink:
        raise LookupError(name)

    return make_sink(parse_destination(text), stdout=io.BytesIO(), own=own, recipient="ted@example.org").label


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-", "-"),
        ("maildir:/m", "maildir:/m"),
        ("MAILDIR:/m", "maildir:/m"),
        ("maildir:~/m", f"maildir:{Path.home()}/m"),
        ("mbox:/m:n", "mbox:/m:n"),
        ("pipe:procmail -d ted", "pipe:procmail -d ted"),
        ("smtp:mail.example.org", "smtp:mail.example.org:25 to ted@example.org"),
        ("lmtp:[::1]:2424", "lmtp:[::1]:2424 to ted@example.org"),
        ("lmtp:unix:/run/lmtp", "lmtp:unix:/run/lmtp to ted@example.org"),
        ("lmtp:/run/lmtp", "lmtp:unix:/run/lmtp to ted@example.org"),
        ("imap:ted@imap.example.org", "imap:imaps://ted@imap.example.org:993/INBOX"),
        ("imaps://ted@imap.example.org/a%20b", "imap:imaps://ted@imap.example.org:993/a b"),
        ("imap://ted@imap.example.org:1143/Old/Mail", "imap:imap://ted@imap.example.org:1143/Old/Mail"),
        ("imap:ted@example.org@imap.example.org", "imap:imaps://ted@example.org@imap.example.org:993/INBOX"),
    ],
)
def test_a_destination_has_one_name_however_it_is_written(text: str, expected: str) -> None:
    assert label(text) == expected


def test_flags_of_an_imap_folder() -> None:
    destination = parse_destination(r"imap:ted@imap.example.org/INBOX?flags=\Seen,$Old")
    assert isinstance(destination, ImapFolder)
    assert destination.address.flags == (r"\Seen", "$Old")


@pytest.mark.parametrize(
    "text",
    [
        *("", "maildir", "maildir:", "mbox: ", "/home/ted/Mail", "ftp:host", "smtp:host:port", "smtp:host:99999"),
        *("lmtp:ho st", "imap:imap.example.org", "imap:ted@", "imap:http://ted@h/", "imap:ted:secret@h/INBOX"),
        *(
            r"imap:ted@h/INBOX?flags=\Se en",
            "imap:ted@h:port",
            "imap:ted@h/INBOX?flag",
            "pipe:'open",
            "mbox:~nobody-here/m",
        ),
    ],
)
def test_what_is_no_destination_is_told_with_what_to_do(text: str) -> None:
    with pytest.raises(NoDestination, match=r"give|use|mend"):
        label(text)


@given(st.text(max_size=60), st.sampled_from(["", "imap:", "smtp:", "lmtp:", "pipe:", "maildir:", "imap:ted@h/"]))
def test_any_text_is_a_destination_or_none(text: str, kind: str) -> None:
    with contextlib.suppress(NoDestination):
        parse_destination(kind + text)
