"""The machine's users get in by the word of PAM alone; nobody else is an account."""

from __future__ import annotations

import pwd
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from restante.accounts.names import MaildirPattern, parse_account_name
from restante.accounts.pam import PamAnswer, PamDirectory, PamFault, PamSettings, ask_system, meaning
from restante.accounts.passwords import HashPool
from restante.accounts.sources import AccountSource, PasswordOnly, derived_account_id
from restante.ports.accounts import (
    Accepted,
    Account,
    AccountDirectory,
    AccountFault,
    RefusalReason,
    Refused,
    Unavailable,
    Verdict,
)
from restante.ports.soon import Later
from restante.proto.terms import Secret


def user(name: str, uid: int, home: str = "/home/x") -> pwd.struct_passwd:
    return pwd.struct_passwd((name, "x", uid, uid, "", home, "/bin/sh"))


USERS = {
    each.pw_name: each
    for each in (
        user("ted", 1000, "/home/ted/"),
        user("ann", 1001, "nowhere"),
        user("up", 1002, "/home/../etc"),
        user("root", 0),
        user("daemon", 999),
        user("nobody", 65534),
    )
}


class Machine:
    """Users, their passwords, and modules that can be slow or broken."""

    def __init__(self, **how: Any) -> None:
        self.asked: list[tuple[str, str]] = []
        self.answers = {(name, b"SECRET"): PamAnswer.FITS for name in USERS}
        self.fault: Exception | None = None
        self.go = threading.Event()
        self.go.set()
        self.pool = HashPool(at_once=1, queue=how.pop("queue", 8))
        seconds = how.pop("seconds", 60.0)
        self.directory = PamDirectory(PamSettings(**how), self.pool, ask=self.ask, user=self.user, seconds=seconds)

    def user(self, name: str) -> pwd.struct_passwd:
        if self.fault is not None:
            raise self.fault
        return USERS[name.replace("alias", "ted")]

    def ask(self, service: str, name: str, password: Secret) -> PamAnswer:
        assert self.go.wait(timeout=60)
        self.asked.append((service, name))
        if self.fault is not None:
            raise self.fault
        return self.answers.get((name, password.reveal()), PamAnswer.WRONG)

    async def find(self, name: str) -> Account | None:
        found = self.directory.find(name)
        return await found if isinstance(found, Later) else found

    async def login(self, name: bytes, password: bytes = b"SECRET") -> Verdict:
        verdict = self.directory.verify_password(name, Secret(password))
        return await verdict if isinstance(verdict, Later) else verdict


@pytest.fixture
def machine() -> Iterator[Machine]:
    made = Machine(domains=frozenset({"Example.org"}), service="mail")
    yield made
    made.pool.close()


def test_it_is_a_source(machine: Machine) -> None:
    as_accounts: AccountDirectory = machine.directory
    AccountSource(directory=as_accounts, authenticator=PasswordOnly(machine.directory.verify_password))


async def test_a_user_is_an_account(machine: Machine) -> None:
    wanted = Account(id=derived_account_id(parse_account_name("ted")), name="ted")
    for name in ("ted", "TED", "ted@example.ORG"):
        assert await machine.find(name) == wanted
        assert await machine.login(name.encode()) == Accepted(account=wanted)
    assert machine.asked == [("mail", "ted")] * 3


@pytest.mark.parametrize(
    "name", ["root", "daemon", "nobody", "bob", "ted@example.com", "../ted", "", "alias", "tëd"]
)
async def test_nobody_else_is(machine: Machine, name: str) -> None:
    assert await machine.find(name) is None
    # Even with a password that is right.
    assert await machine.login(name.encode()) == Refused(reason=RefusalReason.UNKNOWN_NAME)


async def test_a_name_that_is_not_there_is_asked_about_all_the_same(machine: Machine) -> None:
    await machine.login(b"bob")
    assert machine.asked == [("mail", "bob")]


async def test_a_wrong_password_and_a_barred_account_are_refused(machine: Machine) -> None:
    assert await machine.login(b"ted", b"secret") == Refused(reason=RefusalReason.WRONG_PASSWORD)
    machine.answers["ted", b"SECRET"] = PamAnswer.BARRED
    assert await machine.login(b"ted") == Refused(reason=RefusalReason.LOCKED)
    # Its mail is accepted.
    assert await machine.find("ted") is not None


@pytest.mark.parametrize("password", [b"", b"\0", b"SECRET\0x"])
async def test_a_password_that_c_would_read_otherwise_is_not_asked_about(machine: Machine, password: bytes) -> None:
    assert await machine.login(b"ted", password) == Refused(reason=RefusalReason.WRONG_PASSWORD)
    assert machine.asked == []


@pytest.mark.parametrize("fault", [PamFault("modules are broken"), OSError(5, "I/O error")])
async def test_a_machine_that_cannot_tell_lets_nobody_in_and_bounces_nothing(machine: Machine, fault: Any) -> None:
    machine.fault = fault
    assert isinstance(await machine.login(b"ted"), Unavailable)
    with pytest.raises(AccountFault):
        await machine.find("ted")


async def test_a_slow_module_is_not_waited_for_for_ever() -> None:
    machine = Machine(seconds=0.01, queue=0)
    machine.go.clear()
    try:
        slow = await machine.login(b"ted")
        assert isinstance(slow, Unavailable)
        assert "did not answer" in slow.reason
        # The module still has the one thread.
        full = await machine.login(b"ted")
        assert isinstance(full, Unavailable)
        assert "too many" in full.reason
    finally:
        machine.go.set()
        machine.pool.close()


async def test_a_maildir_may_lie_in_the_home() -> None:
    machine = Machine(maildir_in_home="mail/in")
    found = await machine.find("ted")
    assert found is not None
    assert found.maildir == Path("/home/ted/mail/in")
    for name in ("ann", "up"):
        with pytest.raises(AccountFault, match="whole path"):
            await machine.find(name)
    machine.pool.close()


async def test_a_maildir_may_follow_the_sites_pattern() -> None:
    machine = Machine(maildir_pattern=MaildirPattern(text="/var/mail/{local}"))
    found = await machine.find("ted")
    assert found is not None
    assert found.maildir == Path("/var/mail/ted")
    machine.pool.close()


@pytest.mark.parametrize(
    "how",
    [
        {"service": ""},
        {"service": "../x"},
        {"service": "a\0"},
        {"least_uid": 0},
        {"maildir_in_home": "/abs"},
        {"maildir_in_home": "../x"},
        {"maildir_in_home": "."},
    ],
)
def test_settings_that_are_not_safe_are_refused(how: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        PamSettings(**how)


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        (0, PamAnswer.FITS),
        (7, PamAnswer.WRONG),
        (10, PamAnswer.WRONG),
        (13, PamAnswer.BARRED),
        (12, PamAnswer.BARRED),
    ],
)
def test_codes_of_pam_mean_what_its_header_says(code: int, answer: PamAnswer) -> None:
    assert meaning(code) is answer


@pytest.mark.parametrize("code", [1, 4, 9, 19, -1])
def test_the_systems_faults_are_no_wrong_passwords(code: int) -> None:
    with pytest.raises(PamFault, match=str(code)):
        meaning(code)


def test_the_systems_pam_knows_no_such_user() -> None:
    # The real library, through the real binding: a service without a file falls to `other`.
    assert ask_system("restante-no-such-service", "restante-no-such-user", Secret(b"SECRET")) is PamAnswer.WRONG


def test_without_the_binding_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pamela", None)
    with pytest.raises(PamFault, match=r"restante\[pam\]"):
        ask_system("mail", "ted", Secret(b"SECRET"))


def test_one_prompt_is_answered_and_no_credentials_are_set(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Any] = []
    binding: Any = ModuleType("pamela")

    class PAMError(Exception):
        errno: int | None = 7

    def authenticate(*arguments: Any, **named: Any) -> None:
        given.append((arguments, named))
        if arguments[1] != [b"SECRET"]:
            raise PAMError

    binding.PAMError, binding.authenticate = PAMError, authenticate
    monkeypatch.setitem(sys.modules, "pamela", binding)
    assert ask_system("mail", "ted", Secret(b"SECRET")) is PamAnswer.FITS
    assert ask_system("mail", "ted", Secret(b"secret")) is PamAnswer.WRONG
    PAMError.errno = None
    with pytest.raises(PamFault):
        ask_system("mail", "ted", Secret(b"secret"))
    assert given[0] == ((b"ted", [b"SECRET"], b"mail"), {"resetcred": 0})
