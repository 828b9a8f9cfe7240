from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.fuzz_conversation import Line, Observer

from restante.client.conversation import Conversation
from restante.client.faults import ConnectionLost, LoginImpossible, LoginRefused, TimedOut, UnusableArgument
from restante.client.server import Login, Security, Server
from restante.proto.terms import State

SERVER = Server(host="pop.example.org", security=Security.PLAIN)


class Talk:
    """A conversation with a server that answers each line as it is told to."""

    def __init__(self, *, piece: int = 1 << 16) -> None:
        self.line, self.observer = Line(piece, silent=False), Observer()
        self.line.sends = b"+OK hello <1@x>\r\n"
        self.conversation = Conversation(SERVER, observe=self.observer, pump=self.line)
        self.conversation.begin()

    def say(self, line: bytes, answer: bytes) -> bool:
        self.line.sends += answer
        return self.conversation.say(line).ok

    def log_in(self) -> None:
        assert self.say(b"USER ted", b"+OK\r\n")
        assert self.say(b"PASS x", b"+OK\r\n")


def test_capabilities_are_known_from_the_last_answer_to_capa() -> None:
    talk = Talk()
    assert talk.conversation.capabilities is None
    talk.say(b"capa", b"+OK\r\nTOP\r\nSASL PLAIN\r\nSASL SCRAM-SHA-256\r\n.\r\n")
    assert talk.conversation.capabilities is not None
    assert talk.conversation.capabilities["SASL"] == ("PLAIN", "SCRAM-SHA-256")


def test_a_server_without_capa_has_told_nothing() -> None:
    talk = Talk()
    talk.say(b"CAPA", b"-ERR what?\r\n")
    assert talk.conversation.capabilities is not None
    assert not talk.conversation.capabilities.told


@pytest.mark.parametrize(
    ("line", "answer", "highest"),
    [
        (b"STAT", b"+OK 3 320\r\n", 3),
        (b"LIST", b"+OK\r\n1 120\r\n7 200\r\n2 9\r\n.\r\n", 7),
        (b"LIST 4", b"+OK 4 120\r\n", 4),
        (b"UIDL", b"+OK\r\n5 a\r\n.\r\n", 5),
        (b"UIDL", b"+OK\r\n.\r\n", 0),
        (b"STAT", b"-ERR 9 9\r\n", 0),
        (b"STAT", b"+OK many\r\n", 0),
    ],
)
def test_the_highest_message_number_is_learnt_from_what_is_listed(line: bytes, answer: bytes, highest: int) -> None:
    talk = Talk()
    talk.log_in()
    talk.say(line, answer)
    assert talk.conversation.highest_number == highest


@pytest.mark.rule("C7")
def test_marked_messages_are_counted_by_nobody_and_keep_their_numbers() -> None:
    talk = Talk()
    talk.log_in()
    talk.say(b"DELE 01", b"+OK\r\n")
    talk.say(b"DELE 2", b"-ERR\r\n")
    talk.say(b"STAT", b"+OK 2 320\r\n")
    assert talk.conversation.marked == {1}
    assert talk.conversation.highest_number == 3
    talk.say(b"RSET", b"+OK\r\n")
    assert talk.conversation.marked == set()


def test_what_is_said_unasked_is_heard_and_is_no_answer() -> None:
    talk = Talk()
    talk.line.sends = b"+OK you have new mail\r\n"
    talk.conversation.overhear()
    assert talk.observer.heard == len(b"+OK hello <1@x>\r\n+OK you have new mail\r\n")
    assert not talk.say(b"STAT", b"-ERR log in first\r\n")


def test_the_end_of_the_connection_is_overheard_with_the_marks_that_are_lost() -> None:
    talk = Talk()
    talk.log_in()
    talk.say(b"DELE 1", b"+OK\r\n")
    with pytest.raises(ConnectionLost) as caught:
        talk.conversation.overhear()
    assert caught.value.marks_lost == 1
    assert not talk.conversation.stands
    assert talk.conversation.descriptor is None


def test_a_quit_without_an_answer_leaves_the_marks_in_doubt() -> None:
    talk = Talk()
    talk.log_in()
    talk.say(b"DELE 1", b"+OK\r\n")
    with pytest.raises(ConnectionLost, match="not known: look again"):
        talk.conversation.say(b"QUIT")


def test_a_last_line_without_an_end_is_an_answer_to_quit() -> None:
    talk = Talk()
    assert talk.say(b"QUIT", b"+OK bye")
    assert not talk.conversation.stands


@pytest.mark.parametrize("line", [b"USER a\r\nPASS b", b"USER a\n", b"a\0"])
def test_one_line_is_said_and_never_two(line: bytes) -> None:
    talk = Talk()
    with pytest.raises(UnusableArgument):
        talk.conversation.say(line)
    assert talk.line.written == []
    assert talk.conversation.stands


def test_a_login_is_made_by_the_strongest_mechanism_and_may_be_refused() -> None:
    talk = Talk()
    talk.line.answers = [b"+OK\r\nSASL PLAIN CRAM-MD5\r\n.\r\n", b"-ERR [AUTH] no\r\n", b"+OK\r\n"]
    with pytest.raises(LoginRefused):
        talk.conversation.log_in(Login.by_password("ted", "x"))
    assert talk.conversation.login_refused
    assert talk.conversation.stands
    talk.conversation.log_in(Login.by_password("ted", "secret"))
    assert talk.conversation.state is State.TRANSACTION
    assert not talk.conversation.login_refused
    assert [line.split(b" ")[:2] for line in talk.line.written] == [
        [b"CAPA\r\n"],
        [b"AUTH", b"PLAIN"],
        [b"AUTH", b"PLAIN"],
    ]


def test_a_token_is_sent_by_the_mechanism_that_is_named() -> None:
    talk = Talk()
    talk.say(b"CAPA", b"+OK\r\nSASL PLAIN XOAUTH2\r\n.\r\n")
    talk.line.answers = [b"+OK\r\n"]
    talk.conversation.log_in(Login(name="ted", token=Login.by_token("ted", "t").token, mechanism="XOAUTH2"))
    assert talk.line.written[-1].startswith(b"AUTH XOAUTH2 ")
    assert talk.conversation.state is State.TRANSACTION


def test_a_mechanism_that_is_not_announced_is_told_and_the_conversation_goes_on() -> None:
    talk = Talk()
    talk.say(b"CAPA", b"+OK\r\nSASL PLAIN\r\n.\r\n")
    with pytest.raises(LoginImpossible):
        talk.conversation.log_in(Login.by_password("ted", "x", mechanism="SCRAM-SHA-256"))
    assert not talk.say(b"STAT", b"-ERR\r\n")


def test_a_server_that_is_silent_is_given_up() -> None:
    talk = Talk()
    talk.line.silent = True
    with pytest.raises(TimedOut):
        talk.conversation.say(b"NOOP")


SAID = (
    (b"CAPA", b"+OK\r\nTOP\r\n..x\r\n.\r\n"),
    (b"USER ted", b"+ok\r\n"),
    (b"AUTH PLAIN", b"+ \r\n"),
    (b"PASS x", b"+OK\r\n"),
    (b"LIST", b"+OK\r\n1 2\r\n2 2\r\n.\r\n"),
    (b"TOP 1 0", b"+OK\r\nA: b\r\n\r\n..\r\n.\r\n"),
    (b"DELE 1", b"+OK\r\n"),
    (b"STAT", b"+OK 1 2\r\n"),
    (b"NONSENSE", b"-ERR\r\n"),
    (b"QUIT", b"+OK\r\n"),
)


@given(piece=st.integers(1, 40))
def test_however_answers_are_cut_the_same_is_learnt(piece: int) -> None:
    talk = Talk(piece=piece)
    for line, answer in SAID:
        talk.line.sends += answer
        (talk.conversation.respond if line == b"PASS x" else talk.conversation.say)(line)
    assert not talk.line.sends
    assert talk.conversation.capabilities is not None
    assert list(talk.conversation.capabilities) == ["TOP", ".X"]
    assert talk.conversation.highest_number == 2
    assert talk.conversation.marked == {1}
    assert talk.observer.said == [line + b"\r\n" for line, _ in SAID]
    assert talk.observer.ends == 1
