"""`restante talk`: the telnet that understands. A person types POP3; TLS is done, and answers are explained.

The session is `restante.client.conversation`'s, the words to type are `talk_words`', the explaining is
`restante.explain`'s. Lines come from a prompt on a terminal, else from standard input, one after each answer. Ends
with the code of the phase in which something went wrong, with LOGIN where the last login was refused, and with 0
else: a command that the server refuses is no failure of the talk. Fails with CommandFailed.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Protocol

import typer

from restante.cli.explain import LanguageOption, ViewOption, language_of, text_form
from restante.cli.fetch_source import AdHoc, SecurityChoice, server_of
from restante.cli.outcome import CommandFailed, ExitCode, complain, say
from restante.cli.talk_words import AS_IT_STANDS, help_asked, help_lines
from restante.explain import Show
from restante.explain.columns import wrapped
from restante.explain.telling import Telling
from restante.explain.text_form import DEFAULT_WIDTH, View
from restante.explain.wire import Reason
from restante.proto.terms import State

if TYPE_CHECKING:
    from restante.cli.talk_lesson import Lesson
    from restante.client.conversation import Conversation, Heard

__all__ = ["EPILOG", "talk"]

EPILOG = """
help tells what can be said now, help RETR what RETR does. PASS without a password asks for it and does not show
it. Ctrl-D hangs up without QUIT.

Ends with 0: done; 2: wrong command line; 3: no connection; 4: TLS; 5: login refused, or the connection lost before
it; 6: the connection lost after it; 75: in use, try again.

Examples:
  restante talk pop.example.org
  restante talk --security stls --view lesson pop.example.org
  restante talk --security plain 127.0.0.1:1110
  restante talk --as-client lesson
  printf 'CAPA\\nQUIT\\n' | restante talk pop.example.org
"""

DEMO_ADDRESS: Final = "127.0.0.1:1110"
"""Where `restante serve --demo` listens."""

LONGEST_LINE_OCTETS: Final = 16 * 1024
"""Of what is typed. POP3's own lines end at 255 (RFC 2449 §4); an initial response of AUTH may be this long."""


class Typist(Protocol):
    """Who types."""

    def line(self) -> bytes | None:
        """Give a command line, without its end; None when there are no more. Raises CommandFailed."""
        ...

    def hidden(self, question: str) -> bytes | None:
        """Give a line that nobody may see."""
        ...


class _Pipe:
    """Lines of standard input."""

    def line(self) -> bytes | None:
        line = sys.stdin.buffer.readline(LONGEST_LINE_OCTETS + 1)
        if len(line) > LONGEST_LINE_OCTETS:
            raise CommandFailed(
                f"a line of more than {LONGEST_LINE_OCTETS:,} octets was typed: nothing of it was sent"
            )
        return line.removesuffix(b"\n").removesuffix(b"\r") if line else None

    def hidden(self, question: str) -> bytes | None:
        del question  # nobody reads it
        return self.line()


class AsClient(StrEnum):
    """Who leads the session."""

    LESSON = "lesson"


def talk(
    *,
    server: Annotated[
        str | None,
        typer.Argument(
            metavar="HOST[:PORT]",
            help="The server to talk to. Only the lesson has a default: that of restante serve --demo, in plain.",
            show_default=False,
        ),
    ] = None,
    security: Annotated[
        SecurityChoice,
        typer.Option(
            "--security",
            metavar="HOW",
            help="How the line is secured. tls: from the first octet, on port 995; stls: on port 110; plain: on "
            "port 110, where STLS can still be typed, and everybody on the way can read along. Default: tls.",
            show_default=False,
        ),
    ] = SecurityChoice.TLS,
    fingerprint: Annotated[
        str | None,
        typer.Option(
            "--fingerprint",
            metavar="HEX",
            help="Trust the certificate with this SHA-256, and no other.",
            show_default=False,
        ),
    ] = None,
    authorities: Annotated[
        Path | None,
        typer.Option(
            "--authorities",
            metavar="FILE",
            help="Certificates in PEM to trust instead of the system's.",
            show_default=False,
        ),
    ] = None,
    as_client: Annotated[
        AsClient | None,
        typer.Option(
            "--as-client",
            metavar="WHO",
            help="Be led. lesson: a first session on restante serve --demo, step by step; you type.",
            show_default=False,
        ),
    ] = None,
    view: ViewOption = View.BOTH,
    language: LanguageOption = None,
) -> int:
    """Talk to a POP3 server by hand: TLS is done for you, and each answer is explained.

    What you type is POP3, at a prompt that completes commands and knows what each does. Passwords are neither shown
    nor remembered.
    """
    from restante.cli.mail_faults import faults_told
    from restante.client.conversation import Conversation

    lesson = None
    if as_client is AsClient.LESSON:
        from restante.cli.talk_lesson import Lesson

        lesson = Lesson()
    if server is None:
        if lesson is None:
            raise CommandFailed("talk to which server? Give HOST or HOST:PORT", exit_code=ExitCode.USAGE)
        server, security = DEMO_ADDRESS, SecurityChoice.PLAIN
    options = AdHoc(
        server=server,
        user=None,
        password_command=None,
        security=security,
        fingerprint=fingerprint,
        authorities=authorities,
    )
    spoken = language_of(language)
    # Who talks wants to read their mail; their secrets stay hidden, since screens are shared and scrolled back.
    telling = Telling(
        text_form(view, spoken, all_lines=True), language=spoken, show=Show.NAMES | Show.MESSAGES, in_turn=True
    )
    conversation = Conversation(server_of(options, option="the server"), observe=telling.session())
    with faults_told(), ExitStack() as at_the_end:
        at_the_end.callback(telling.finish)
        at_the_end.callback(conversation.close, Reason.HUNG_UP)
        typist: Typist = _Pipe()
        if sys.stdin.isatty() and sys.stdout.isatty():
            from restante.cli.talk_prompt import Prompt, history_file

            prompt = Prompt(lambda: conversation.state, history_file(os.environ))
            at_the_end.enter_context(prompt.without_echo())
            typist = prompt
        conversation.begin()
        _talk(conversation, typist, lesson)
    return ExitCode.LOGIN if conversation.login_refused else ExitCode.OK


def _talk(conversation: Conversation, typist: Typist, lesson: Lesson | None) -> None:
    """Pass lines on until the session ends. Raises ClientFault and CommandFailed."""
    if not isinstance(typist, _Pipe):
        say("Type a command, or help. Tab completes.")
    while conversation.stands:
        if lesson is not None:
            _teach(lesson.asks())
        line = typist.line()
        if line is None:
            if conversation.state is State.TRANSACTION:
                complain("you hang up without QUIT: no message is removed")
            return
        text = line.decode("utf-8", "replace")
        about = help_asked(text)
        if about is not None:
            for words in help_lines(about, conversation.state):
                say(words)
            sys.stdout.flush()
        elif _is_unfit(line):
            complain("a line for a server is not empty, and holds no control characters: nothing was sent")
        else:
            heard = _say(conversation, typist, line.removeprefix(AS_IT_STANDS.encode()))
            if lesson is not None and heard is not None:
                _teach(lesson.heard(text.strip().removeprefix(AS_IT_STANDS), ok=heard.ok))


def _teach(paragraphs: Sequence[str]) -> None:
    width = min(shutil.get_terminal_size((DEFAULT_WIDTH, 24)).columns, DEFAULT_WIDTH)
    if paragraphs:
        say("")
    for paragraph in paragraphs:
        for line in wrapped(paragraph, width - 2):
            say(f"| {line}")
    sys.stdout.flush()


def _say(conversation: Conversation, typist: Typist, line: bytes) -> Heard | None:
    """Say a line, with what is asked for after it. None where nothing was sent."""
    if line.strip().upper() == b"PASS" and not isinstance(typist, _Pipe):
        password = typist.hidden("Password, which is not shown: ")
        if not password or _is_unfit(password):
            complain("no password was typed, and nothing was sent")
            return None
        line = b"PASS " + password
    heard = conversation.say(line)
    while heard.status is None:
        response = typist.hidden("The server asks. Answer in base64, which is not shown; * gives up: ")
        if response is None:
            response = b"*"
        heard = conversation.respond(b"*" if _has_controls(response) else response)
    return heard


def _is_unfit(line: bytes) -> bool:
    return not line.strip(b" /") or _has_controls(line)


def _has_controls(line: bytes) -> bool:
    return any(octet < 0x20 or octet == 0x7F for octet in line)
