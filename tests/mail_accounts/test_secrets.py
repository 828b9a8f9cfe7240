from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from tests.mail_accounts.rig import MemoryKeyring

import restante.mail_accounts.secrets as module
from restante.mail_accounts.faults import SecretFault
from restante.mail_accounts.model import ASK, KEYRING, InCommand, InEnvironment, InFile
from restante.mail_accounts.secrets import LARGEST_SECRET_OCTETS, Secrets
from restante.proto.terms import Secret


def secrets(**environ: str) -> Secrets:
    return Secrets(environ={"PATH": os.environ["PATH"], **environ}, keyring=MemoryKeyring())


def test_a_password_is_brought_from_the_keyring_and_put_there() -> None:
    world = secrets()
    assert world.put(KEYRING, Secret(b"pw"), name="ted")
    assert world.get(KEYRING, name="ted") == Secret(b"pw")
    with pytest.raises(SecretFault, match="'ted': its refresh token is not in the keyring"):
        world.get(KEYRING, name="ted", what="refresh token")
    assert world.forget(KEYRING, name="ted")
    assert not world.forget(KEYRING, name="ted")


def test_a_command_gives_its_first_line() -> None:
    world = secrets(WORD="hunter2")
    assert world.get(InCommand(command='printf "%s\\nurl: x\\n" "$WORD"'), name="ted") == Secret(b"hunter2")
    assert world.get(InCommand(command='echo " blanks stay "'), name="ted") == Secret(b" blanks stay ")


def test_a_command_that_fails_says_so_and_its_output_is_not_used() -> None:
    with pytest.raises(SecretFault, match="failed with exit code 3: try it by hand: echo nope; exit 3"):
        secrets().get(InCommand(command="echo nope; exit 3"), name="ted")


def test_a_command_that_writes_without_end_is_ended() -> None:
    with pytest.raises(SecretFault, match=f"longer than {LARGEST_SECRET_OCTETS} octets"):
        secrets().get(InCommand(command="exec tr '\\0' x </dev/zero"), name="ted")


def test_a_command_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COMMAND_SECONDS", 0.05)
    with pytest.raises(SecretFault, match=r"did not end in 0\.05 s"):
        secrets().get(InCommand(command="exec sleep 60"), name="ted")


def test_a_file_gives_its_first_line_if_nobody_else_can_read_it(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_bytes(b"pw\r\nmore")
    file.chmod(0o640)
    with pytest.raises(SecretFault, match="others may read this secret: chmod 600"):
        secrets().get(InFile(path=file), name="ted")
    file.chmod(0o600)
    assert secrets().get(InFile(path=file), name="ted") == Secret(b"pw")
    with pytest.raises(SecretFault, match="cannot be read"):
        secrets().get(InFile(path=tmp_path / "none"), name="ted")


def test_a_secret_is_put_into_a_file_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "secret"
    assert secrets().put(InFile(path=file), Secret(b"pw"), name="ted")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert secrets().get(InFile(path=file), name="ted") == Secret(b"pw")


def test_a_variable_gives_its_value() -> None:
    assert secrets(PW="x").get(InEnvironment(variable="PW"), name="ted") == Secret(b"x")
    with pytest.raises(SecretFault, match="the variable PW is not set"):
        secrets().get(InEnvironment(variable="PW"), name="ted")


def test_a_person_is_asked_and_where_there_is_none_that_is_told() -> None:
    asked = []

    def ask(prompt: str) -> str:
        asked.append(prompt)
        return "pw"

    assert Secrets(environ={}, keyring=MemoryKeyring(), ask=ask).get(ASK, name="ted") == Secret(b"pw")
    assert asked == ["Password of ted: "]
    with pytest.raises(SecretFault, match="there is no terminal to ask on"):
        secrets().get(ASK, name="ted")


def test_places_that_cannot_keep_a_secret_say_so() -> None:
    world = secrets()
    for place in (ASK, InCommand(command="true"), InEnvironment(variable="X")):
        assert not world.put(place, Secret(b"pw"), name="ted")


@pytest.mark.rule("M4")
def test_a_secret_with_a_line_end_or_a_nul_is_refused_before_it_comes_near_a_command() -> None:
    for bad in ("a\rb", "a\0b", "a\nQUIT"):
        with pytest.raises(SecretFault, match="holds a line end or a NUL"):
            Secrets(environ={}, keyring=MemoryKeyring({"ted": bad})).get(KEYRING, name="ted")


def test_an_empty_secret_is_told() -> None:
    with pytest.raises(SecretFault, match="is empty"):
        secrets().get(InCommand(command="true"), name="ted")
