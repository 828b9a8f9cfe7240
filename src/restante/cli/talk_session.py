"""One talk by hand: what somebody types goes to the server or is answered here, and the lesson stands beside it.

It puts together the conversation, the telling, the screen, and who types. Nothing is sent that holds control
characters. Fails with ClientFault, MailAccountFault, UnusableArgument and CommandFailed; `close` comes in any case.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Protocol

from restante.cli.exit_codes import ExitCode
from restante.cli.fetch_source import secrets_here
from restante.cli.outcome import CommandFailed, complain, say
from restante.cli.talk_lesson import Lesson
from restante.cli.talk_lines import Ear, Lines
from restante.cli.talk_screen import Screenfuls
from restante.cli.talk_words import AS_IT_STANDS, Known, help_asked, help_lines, more_asked
from restante.cli.telling import text_form
from restante.client.conversation import Conversation
from restante.client.faults import ConnectionLost, LoginImpossible, RefusedFault, UnusableArgument
from restante.client.server import Login, Server
from restante.explain.columns import wrapped
from restante.explain.events import Show
from restante.explain.languages import Language
from restante.explain.talk_phrases import TalkPhrase
from restante.explain.telling import Telling
from restante.explain.text_form import DEFAULT_WIDTH
from restante.explain.view import View
from restante.explain.wire import Reason
from restante.mail_accounts import Account, Logins
from restante.proto.terms import Secret, State
from restante.sasl.registry import CredentialKind, Mechanism, find

__all__ = ["Talk", "Typist"]


class Typist(Protocol):
    """Who types."""

    @property
    def is_person(self) -> bool:
        """Whether somebody can be asked."""
        ...

    def line(self) -> bytes | None:
        """Give a command line, without its end; None when there are no more. Raises CommandFailed."""
        ...

    def shown(self, question: str) -> bytes | None:
        """Give the answer to a question; None where there is none."""
        ...

    def hidden(self, question: str) -> bytes | None:
        """Give a line that nobody may see; None where there is none."""
        ...


class Talk:
    """A talk, from the connection to its end."""

    def __init__(
        self, server: Server, *, account: Account | None, view: View, language: Language, is_lesson: bool
    ) -> None:
        self._account = account
        self._language = language
        self._lesson = Lesson(language) if is_lesson else None
        self._is_terminal = sys.stdin.isatty() and sys.stdout.isatty()
        shows_lines = view is not View.STORY
        self._screen = Screenfuls(
            text_form(view, language, all_lines=True),
            words=text_form(View.STORY, language) if view is View.BOTH else None,
            lines=text_form(View.WIRE, language) if shows_lines else None,
            size=shutil.get_terminal_size if self._is_terminal else None,
            write=sys.stdout.write,
            language=language,
        )
        # Who talks wants to read their mail; their secrets stay hidden, since screens are shared and scrolled back.
        self._telling = Telling(self._screen, language=language, show=Show.NAMES | Show.MESSAGES, in_turn=True)
        self._server = server
        self._conversation = Conversation(server, observe=self._telling.session())
        self._ear = Ear(descriptor=lambda: self._conversation.descriptor, hear=self._overhear)
        self._typist: Typist = Lines(sys.stdin.fileno(), self._ear)

    @property
    def login_refused(self) -> bool:
        """Whether the last login was refused."""
        return self._conversation.login_refused

    @contextmanager
    def terminal(self, environ: Mapping[str, str]) -> Iterator[None]:
        """Have a person type at the terminal, where there is one, for as long as the block lasts."""
        if not self._is_terminal:
            yield
        elif environ.get("TERM", "dumb") in ("dumb", "unknown", ""):
            # No cursor can be moved there: lines it is, which the terminal itself shows.
            self._typist = Lines(
                sys.stdin.fileno(), self._ear, prompt=lambda: f"{self._conversation.state.value}> "
            )
            yield
        else:
            from restante.cli.talk_prompt import Prompt, history_file

            prompt = Prompt(self._known, self._ear, history_file(environ), self._language)
            self._typist = prompt
            with prompt.without_echo():
                yield

    def begin(self, *, in_plain: bool) -> None:
        """Connect, and log in where there is an account."""
        login = None if self._account is None else self._login_of(self._account)
        self._conversation.begin(in_plain=in_plain)
        if login is not None:
            self._log_in(login)

    def go_on(self) -> None:
        """Pass lines on until the session ends."""
        if self._typist.is_person:
            say(self._language.talk[TalkPhrase.WELCOME])
        while self._conversation.stands:
            if self._lesson is not None:
                self._teach(self._lesson.asks())
            sys.stdout.flush()
            line = self._typist.line()
            if line is None:
                if self._conversation.state is State.TRANSACTION:
                    complain(self._language.talk[TalkPhrase.HANGS_UP])
                return
            self._take(line)

    def close(self) -> None:
        """Hang up, where the session has not ended."""
        self._conversation.close(Reason.HUNG_UP)
        self._telling.finish()

    # --- a line --------------------------------------------------------------------------------------------------

    def _take(self, line: bytes) -> None:
        text = line.decode("utf-8", "replace")
        about = help_asked(text)
        if about is not None:
            for words in help_lines(about, self._known(), self._language, width=_width()):
                say(words)
        elif more_asked(text):
            if not self._screen.more():
                say(self._language.talk[TalkPhrase.NO_MORE])
        elif _is_unfit(line):
            if self._typist.is_person and not line.strip():
                return  # somebody pressed Enter
            complain(self._language.talk[TalkPhrase.UNFIT_LINE])
        else:
            ok = self._said(line)
            if ok is not None and self._lesson is not None:
                self._teach(self._lesson.heard(text.strip().removeprefix(AS_IT_STANDS), ok=ok))

    def _said(self, line: bytes) -> bool | None:
        """Say a line, with what is asked for after it. Gives whether all was well, None where nothing was sent."""
        conversation, typist, words = self._conversation, self._typist, self._language.talk
        if line.strip().upper() == b"PASS" and typist.is_person:
            password = typist.hidden(words[TalkPhrase.ASKS_PASSWORD])
            if not password or _has_controls(password):
                complain(words[TalkPhrase.NO_PASSWORD])
                return None
            return conversation.say(b"PASS " + password).ok
        login = self._login_by(line)
        if login is not None:
            return self._log_in(login)
        heard = conversation.say(line.removeprefix(AS_IT_STANDS.encode()))
        while heard.status is None:
            response = typist.hidden(words[TalkPhrase.ASKS_RESPONSE])
            if response is None or _has_controls(response):
                response = b"*"
            heard = conversation.respond(response)
        return heard.ok

    def _login_by(self, line: bytes) -> Login | None:
        """Give the login of an AUTH that is made for who types it; None for what they say themselves."""
        keyword, *arguments = line.decode("utf-8", "replace").split()
        mechanism = find(arguments[0]) if len(arguments) == 1 and keyword.upper() == "AUTH" else None
        if mechanism is None or not self._may_be_offered(mechanism):
            return None
        if self._account is not None:
            return replace(self._login_of(self._account), mechanism=mechanism.name)
        if not self._typist.is_person or mechanism.credential is CredentialKind.CERTIFICATE:
            return None
        words = self._language.talk
        is_token = mechanism.credential is CredentialKind.TOKEN
        name = self._typist.shown(words[TalkPhrase.ASKS_NAME])
        shown = self._typist.hidden(words[TalkPhrase.ASKS_TOKEN if is_token else TalkPhrase.ASKS_PASSWORD])
        if not name or not shown:
            return None
        secret = Secret(shown)
        return Login(
            name=name.decode("utf-8", "replace"),
            password=None if is_token else secret,
            token=secret if is_token else None,
            mechanism=mechanism.name,
        )

    def _may_be_offered(self, mechanism: Mechanism) -> bool:
        """Tell whether it is worth asking for a password; else the server says no by itself."""
        capabilities = self._conversation.capabilities
        if capabilities is None or not capabilities.told:
            return True
        return mechanism.name in [name.upper() for name in capabilities.get("SASL", ())]

    def _login_of(self, account: Account) -> Login:
        return asyncio.run(Logins(secrets_here()).for_pop3(account))

    def _log_in(self, login: Login) -> bool:
        try:
            self._conversation.log_in(login)
        except RefusedFault:  # the server's answer was told
            if not self._conversation.stands:
                raise
            return False
        except (LoginImpossible, UnusableArgument) as fault:
            if not self._typist.is_person:
                raise
            complain(str(fault))
            return False
        return True

    # --- the rest ------------------------------------------------------------------------------------------------

    def _known(self) -> Known:
        conversation = self._conversation
        return Known(
            state=conversation.state,
            capabilities=conversation.capabilities,
            highest_number=conversation.highest_number,
            marked=frozenset(conversation.marked),
        )

    def _overhear(self) -> None:
        before_login = self._conversation.state is State.AUTHORIZATION
        try:
            self._conversation.overhear()
        except ConnectionLost as fault:
            if fault.__cause__ is not None:  # not the server's doing
                raise
            match fault.marks_lost:
                case 0 if before_login and self.login_refused:
                    phrase = TalkPhrase.GONE_AFTER_REFUSAL
                case 0 if before_login:
                    phrase = TalkPhrase.GONE_BEFORE_LOGIN
                case 0:
                    phrase = TalkPhrase.GONE_UNMARKED
                case 1:
                    phrase = TalkPhrase.GONE_WITH_ONE_MARK
                case _:
                    phrase = TalkPhrase.GONE_WITH_MARKS
            values: dict[str, str | int] = {"server": fault.server, "count": fault.marks_lost}
            raise CommandFailed(
                self._language.at_prompt(phrase, **values),
                exit_code=ExitCode.LOGIN if before_login else ExitCode.TRANSFER,
            ) from None

    def _teach(self, paragraphs: Sequence[str]) -> None:
        if paragraphs:
            say("")
        for paragraph in paragraphs:
            for line in wrapped(paragraph, _width() - 2):
                say(f"| {line}")


def _width() -> int:
    return min(shutil.get_terminal_size((DEFAULT_WIDTH, 24)).columns, DEFAULT_WIDTH)


def _is_unfit(line: bytes) -> bool:
    return not line.strip(b" /") or _has_controls(line)


def _has_controls(line: bytes) -> bool:
    return any(octet < 0x20 or octet == 0x7F for octet in line)
