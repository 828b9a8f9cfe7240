from __future__ import annotations

from dataclasses import replace

from tests.observe.samples import ENDED, SAMPLES

from restante.explain.telling import Telling
from restante.explain.text_form import TextForm
from restante.explain.view import View
from restante.observe.explanation import Explanation
from restante.ports.events import (
    CommandReceived,
    ConnectionOpened,
    Door,
    Event,
    Outcome,
    ReplySent,
    SessionEnded,
)

OPENED = ConnectionOpened(session="k3f9", door=Door.POP3, peer="203.0.113.5", secured=True)


def reply(line: bytes, octets: int | None = None, session: str = "k3f9") -> ReplySent:
    return ReplySent(session=session, line=line, octets=octets or len(line) + 2)


def command(line: str, session: str = "k3f9") -> CommandReceived:
    return CommandReceived(session=session, line=line.encode())


def ended(outcome: Outcome, session: str = "k3f9") -> SessionEnded:
    return replace(ENDED, session=session, outcome=outcome)


def told(*events: Event) -> list[str]:
    text: list[str] = []
    explanation = Explanation(Telling(TextForm(View.STORY, text.append, width=200)), clock=lambda: 1000.0)
    assert explanation.wants_wire
    for event in events:
        explanation(event)
    return "".join(text).splitlines()


LOGIN = (
    *(OPENED, reply(b"+OK ready"), command("USER …"), reply(b"+OK"), command("PASS …"), reply(b"+OK")),
    *(command("RETR 1"), reply(b"+OK 120 octets", 145)),
)


def test_a_live_session_is_told_under_its_name() -> None:
    lines = told(*LOGIN, command("QUIT"), ended(Outcome.QUIT), reply(b"+OK bye"))
    assert all(line.startswith("k3f9") for line in lines)
    assert "k3f9 Client: Message 1, please." in lines
    assert "k3f9     (The message goes over the counter, 129 octets with all that is around it.)" in lines
    # The end was told before the reply, and comes behind it.
    assert lines[-1] == "k3f9     The counter closes. All is done."
    assert "k3f9 Server: Good-bye! Everything stays as it was." in lines


def test_a_lost_connection_is_told_with_what_it_means() -> None:
    lines = told(*LOGIN, ended(Outcome.DISCONNECTED))
    assert any(
        "Nothing was deleted, since UPDATE was never reached. (the connection was lost)" in line for line in lines
    )


def test_sessions_at_the_same_time_do_not_mix() -> None:
    other = replace(OPENED, session="m2a1", secured=False)
    lines = told(OPENED, other, reply(b"+OK a"), reply(b"+OK b", session="m2a1"), command("QUIT", session="m2a1"))
    assert [line[:4] for line in lines if "Here I am" in line] == ["k3f9", "m2a1"]


def test_sessions_that_bring_mail_are_told_too() -> None:
    lines = told(replace(OPENED, door=Door.SMTP), reply(b"220 smtp"), command("EHLO me"))
    assert "k3f9 Client: Good day, I am me. What can you do?" in lines


def test_any_other_event_is_passed_over() -> None:
    for sample in SAMPLES:
        told(sample)


def test_a_stream_that_is_gone_costs_nobody_a_session() -> None:
    def gone(text: str) -> object:
        raise BrokenPipeError(text)

    explanation = Explanation(Telling(TextForm(View.STORY, gone)))
    explanation(OPENED)
