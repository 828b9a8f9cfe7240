"""The server's side of the protocol: states, and PASS after USER. RFC 1939 §3–7."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.proto.commands import Command, Pass, Quit, Stat, User
from restante.proto.parser import Misuse, MisuseKind
from restante.proto.server import ServerProtocol
from restante.proto.spec import SPECS
from restante.proto.terms import Secret, State


def commands(*parts: bytes, state: State = State.AUTHORIZATION) -> list[Command | Misuse]:
    protocol = ServerProtocol()
    protocol.state = state
    found: list[Command | Misuse] = []
    for part in parts:
        protocol.receive(part)
        while (command := protocol.next_command()) is not None:
            found.append(command)
    return found


def kinds(*parts: bytes, state: State = State.AUTHORIZATION) -> list[object]:
    return [c.kind if isinstance(c, Misuse) else type(c) for c in commands(*parts, state=state)]


@pytest.mark.rule("S1", "L5")
@pytest.mark.parametrize("keyword", sorted(SPECS))
@pytest.mark.parametrize("state", list(State))
def test_a_command_is_judged_by_the_states_of_its_row(keyword: bytes, state: State) -> None:
    (kind,) = kinds(keyword + b"\r\n", state=state)
    assert (kind is MisuseKind.WRONG_STATE) == (state not in SPECS[keyword].states)


@pytest.mark.rule("S1")
def test_nothing_is_legal_in_update() -> None:
    assert not any(State.UPDATE in spec.states for spec in SPECS.values())


@pytest.mark.rule("C1")
def test_pass_comes_right_after_a_good_user() -> None:
    assert commands(b"USER Ted\r\nPASS a b \r\n") == [User(b"Ted"), Pass(Secret(b"a b "))]
    assert kinds(b"PASS x\r\n") == [MisuseKind.PASS_WITHOUT_USER]


@pytest.mark.rule("C1")
@pytest.mark.parametrize("between", [b"CAPA", b"STAT", b"BOGUS", b"USER", b"a" * 300, b"APOP a b"])
def test_anything_between_user_and_pass_asks_for_another_user(between: bytes) -> None:
    assert kinds(b"USER Ted\r\n" + between + b"\r\nPASS x\r\n")[-1] is MisuseKind.PASS_WITHOUT_USER


@pytest.mark.rule("C1")
def test_a_second_user_takes_the_place_of_the_first() -> None:
    protocol = ServerProtocol()
    protocol.receive(b"USER Ted\r\nUSER Bob\r\nPASS x\r\n")
    for _ in range(3):
        protocol.next_command()
    assert protocol.take_name() == b"Bob"
    assert protocol.name is None


@pytest.mark.rule("L3", "L10")
def test_a_long_line_among_others_is_told_in_its_place() -> None:
    line = b"QUIT\r\n" + b"a" * 300 + b"\r\nQUIT\r\n"
    expected: list[object] = [Quit, MisuseKind.LINE_TOO_LONG, Quit]
    assert kinds(line) == expected
    assert kinds(*[bytes([octet]) for octet in line]) == expected


@pytest.mark.rule("L10")
@given(
    st.lists(
        st.sampled_from([b"USER Ted", b"PASS x", b"STAT", b"QUIT", b"", b"a" * 300, b"LIST 1", b"\0"]), max_size=8
    ),
    st.data(),
)
def test_cuts_do_not_matter(lines: list[bytes], data: st.DataObject) -> None:
    octets = b"".join(line + b"\r\n" for line in lines)
    cut = data.draw(st.integers(0, len(octets)))
    whole = commands(octets)
    assert commands(octets[:cut], octets[cut:]) == whole
    assert commands(*[bytes([octet]) for octet in octets]) == whole
    assert len(whole) == len(lines)


def test_the_last_line_is_kept_for_who_wants_the_wire() -> None:
    protocol = ServerProtocol()
    protocol.receive(b"noop\r\n" + b"a" * 300 + b"\r\n")
    protocol.next_command()
    assert protocol.last_line == b"noop"
    protocol.next_command()
    assert protocol.last_line == b""


def test_singletons_carry_no_state() -> None:
    assert commands(b"STAT\r\n", state=State.TRANSACTION) == [Stat()]


@pytest.mark.rule("C10", "L5")
@pytest.mark.parametrize("keyword", sorted(SPECS))
def test_the_commands_of_a_capability_that_is_switched_off_are_misuse(keyword: bytes) -> None:
    spec = SPECS[keyword]
    for capability in {other.capability for other in SPECS.values()} - {None}:
        protocol = ServerProtocol()
        protocol.withheld = frozenset({capability or b""})
        for state in spec.states:
            protocol.state = state
            protocol.receive(keyword + b"\r\n")
            command = protocol.next_command()
            switched_off = isinstance(command, Misuse) and command.kind is MisuseKind.SWITCHED_OFF
            assert switched_off == (capability == spec.capability)


@pytest.mark.parametrize("behind", [b"", b"STAT\r\nQU"])
def test_what_was_said_can_be_forgotten_and_what_was_not_yet_given_out_stays(behind: bytes) -> None:
    protocol = ServerProtocol()
    protocol.receive(b"USER ted\r\nPASS SECRET\r\n" + behind)
    protocol.next_command()
    protocol.next_command()
    protocol.forget_said()
    held = [getattr(protocol, name) for kind in type(protocol).__mro__ for name in getattr(kind, "__slots__", ())]
    assert not [each for each in held if isinstance(each, bytes) and (b"SECRET" in each or b"ted" in each)]
    protocol.state = State.TRANSACTION
    protocol.receive(b"IT\r\n" if behind else b"QUIT\r\n")
    expected = [Stat(), Quit()] if behind else [Quit()]
    assert [protocol.next_command() for _ in expected] == expected
