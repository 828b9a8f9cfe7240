from __future__ import annotations

import pytest

from restante.cli.outcome import CommandFailed
from restante.cli.sendmail import SendmailRequest, read_sendmail_options


@pytest.mark.parametrize(
    ("line", "request_"),
    [
        ("-t", SendmailRequest(from_header=True)),
        ("-ti", SendmailRequest(from_header=True, dot_ends=False)),
        (
            "-oi -f ted@example.org ann@example.org",
            SendmailRequest(recipients=("ann@example.org",), sender="ted@example.org", dot_ends=False),
        ),
        (
            "-fted@example.org -- -x@example.org",
            SendmailRequest(recipients=("-x@example.org",), sender="ted@example.org"),
        ),
        (
            "-FCronDaemon -i -odi -oem root",
            SendmailRequest(recipients=("root",), display_name="CronDaemon", dot_ends=False),
        ),
        ("-i -B8BITMIME -N never -R hdrs a@b", SendmailRequest(recipients=("a@b",), dot_ends=False)),
        ("-a work -v a@b", SendmailRequest(recipients=("a@b",), account="work")),
        ("-r x@y a@b", SendmailRequest(recipients=("a@b",), sender="x@y")),
        ("-bm a@b", SendmailRequest(recipients=("a@b",))),
        ("-bp", SendmailRequest(mode="p")),
        ("-q", SendmailRequest(mode="q")),
        ("-q15m", SendmailRequest(mode="q")),
    ],
)
def test_options_of_sendmail_are_read_as_its_callers_write_them(line: str, request_: SendmailRequest) -> None:
    assert read_sendmail_options(line.split()) == request_


@pytest.mark.parametrize("line", ["-bs", "-bd", "-f", "--bogus", "-Z"])
def test_what_is_not_done_is_told(line: str) -> None:
    with pytest.raises(CommandFailed):
        read_sendmail_options(line.split())
