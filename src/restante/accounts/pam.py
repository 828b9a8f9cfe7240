"""Accounts of the machine itself, by PAM: the names that the system knows, and passwords that its modules judge.

PAM's modules block, so they run in threads, a few at once; a wrong password keeps one for as long as the modules
wish to wait (two seconds with pam_unix). The conversation answers one prompt for a password and no other: where a
module asks for more, a second factor say, the login is unavailable. The account phase counts as much: an expired or
barred account does not get in. No session is opened and no credentials are set.
People only: no uid below `least_uid`, and never `nobody`. Unix names are looked up in lower case. An empty password
is refused before PAM is asked, since `nullok` would let it in.
The server does not run as root: the service's modules have to work for its user (pam_sss does; pam_unix needs the
group shadow).
An account's id is made from its name (`sources.derived_account_id`).
What it is not: PAM itself, that is the system's library, by way of `pamela`.
How it fails: AccountFault and Unavailable.
Sources: pam(3), pam_conv(3), pam_authenticate(3), pam_acct_mgmt(3).
"""

from __future__ import annotations

import asyncio
import contextlib
import pwd
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import Any, Final, TypeVar

from restante.accounts.names import IllegalName, MaildirPattern, parse_account_name
from restante.accounts.passwords import HashPool, HashQueueFull
from restante.accounts.sources import derived_account_id
from restante.ports.accounts import (
    Accepted,
    Account,
    AccountFault,
    RefusalReason,
    Refused,
    Unavailable,
    Verdict,
)
from restante.ports.soon import Later, Soon
from restante.proto.terms import Secret

__all__ = [
    "ANSWER_SECONDS",
    "LEAST_UID",
    "AskPam",
    "PamAnswer",
    "PamDirectory",
    "PamFault",
    "PamSettings",
    "ask_system",
    "meaning",
]

T = TypeVar("T")

LEAST_UID: Final = 1000
"""Where Debian and most others begin to number people."""

ANSWER_SECONDS: Final = 15.0
"""How long a client waits; the thread goes on until the module is done."""

_NOBODY: Final = 65534


class PamAnswer(Enum):
    """What PAM says of a login."""

    FITS = "fits"
    WRONG = "wrong"
    BARRED = "barred"
    """The password is right, or was not looked at: the account has expired, or may not log in."""


class PamFault(Exception):
    """PAM cannot tell. The message is a sentence for the log."""


AskPam = Callable[[str, str, Secret], PamAnswer]
"""Judges a service, a user's name and a password; runs in a thread. Raises PamFault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PamSettings:
    """How the machine's users become accounts. Raises ValueError."""

    service: str = "restante"
    """The name of the file in /etc/pam.d."""
    domains: frozenset[str] = frozenset()
    """In which a user answers as `name@domain`, too."""
    least_uid: int = LEAST_UID
    maildir_in_home: str | None = None
    """Such as `Maildir`; None: `maildir_pattern` says."""
    maildir_pattern: MaildirPattern | None = None
    """None: a maildrop in the data folder."""

    def __post_init__(self) -> None:
        if not self.service or "/" in self.service or "\0" in self.service:
            raise ValueError(
                f"{self.service!r} is no service of PAM's: name a file in /etc/pam.d, without a folder"
            )
        if self.least_uid < 1:
            raise ValueError("root is no account for mail: set least_uid to 1 at the least")
        within = Path(self.maildir_in_home or "Maildir")
        if within.is_absolute() or ".." in within.parts or within == Path():
            raise ValueError(f"{self.maildir_in_home!r} leads out of the home folder: write one such as Maildir")


class PamDirectory:
    """The users of the machine. One for each process, used on its event loop.

    `find` makes it an AccountDirectory; `sources.PasswordOnly(directory.verify_password)` its authenticator.
    """

    def __init__(
        self,
        settings: PamSettings,
        pool: HashPool,
        *,
        ask: AskPam | None = None,
        user: Callable[[str], pwd.struct_passwd] = pwd.getpwnam,
        seconds: float = ANSWER_SECONDS,
    ) -> None:
        """Put it together. `pool` is one of its own: slow modules must not hold up the hashes of other sources.

        `ask` is `ask_system` when None. `user` raises KeyError for a name that is none.
        """
        self._settings = settings
        self._domains = frozenset(domain.lower() for domain in settings.domains)
        self._pool = pool
        self._ask = ask or ask_system
        self._user = user
        self._seconds = seconds

    def find(self, name: str) -> Soon[Account | None]:
        """Give the account of that name, or None. The system is asked in a thread. Raises AccountFault."""
        local = self._local(name)
        return None if local is None else Later(self._find(local))

    def verify_password(self, name: bytes, password: Secret) -> Soon[Verdict]:
        """Judge a name and a password, as the client sent it."""
        local = self._local(name.decode("latin-1"))
        if local is None:
            return Refused(reason=RefusalReason.UNKNOWN_NAME)
        octets = password.reveal()
        if not octets or b"\0" in octets:
            # C ends a string at a NUL, and what is left might be a password.
            return Refused(reason=RefusalReason.WRONG_PASSWORD)
        return Later(self._verify(local, password))

    # --- within --------------------------------------------------------------------------------------------------

    async def _find(self, local: str) -> Account | None:
        try:
            return await self._within(lambda: self._account(local))
        except PamFault as fault:
            told = str(fault)
        raise AccountFault(told)

    async def _verify(self, local: str, password: Secret) -> Verdict:
        def judge() -> Verdict:
            account = self._account(local)
            # A name that is not there is asked about all the same: the modules wait as they do for others.
            answer = self._ask(self._settings.service, local, password)
            if account is None:
                return Refused(reason=RefusalReason.UNKNOWN_NAME)
            match answer:
                case PamAnswer.FITS:
                    return Accepted(account=account)
                case PamAnswer.WRONG:
                    return Refused(reason=RefusalReason.WRONG_PASSWORD)
                case PamAnswer.BARRED:
                    return Refused(reason=RefusalReason.LOCKED)

        try:
            return await self._within(judge)
        except PamFault as fault:
            return Unavailable(reason=str(fault))

    async def _within(self, job: Callable[[], T]) -> T:
        """Run a job in a thread, and wait for it no longer than `seconds`. Raises PamFault."""
        try:
            async with asyncio.timeout(self._seconds):
                return await self._pool.run(job)
        except TimeoutError:
            told = f"PAM did not answer within {self._seconds:g} s: see the modules of the service"
        except HashQueueFull:
            told = "too many logins wait for PAM already: see whether its modules are slow"
        raise PamFault(told)

    def _local(self, name: str) -> str | None:
        """Give the user's name that an account's name stands for, or None."""
        try:
            legal = parse_account_name(name)
        except IllegalName:
            return None
        if legal.domain is not None and legal.domain.lower() not in self._domains:
            return None
        return legal.local.lower()

    def _account(self, local: str) -> Account | None:
        """Ask the system for a user. Runs in a thread. Raises PamFault."""
        try:
            user = self._user(local)
        except KeyError:
            return None
        except OSError as error:
            raise PamFault(f"the system cannot tell its users ({error.strerror}): see nsswitch.conf") from error
        if user.pw_uid < self._settings.least_uid or user.pw_uid == _NOBODY or user.pw_name != local:
            return None
        name = parse_account_name(local)
        pattern, within = self._settings.maildir_pattern, self._settings.maildir_in_home
        maildir = pattern.expand(name) if pattern is not None else None
        if within is not None:
            if not user.pw_dir.startswith("/") or ".." in user.pw_dir.split("/"):
                raise PamFault(f"the home of {local} is no whole path: see the system's users")
            maildir = Path("/" + user.pw_dir.strip("/")) / within
        return Account(id=derived_account_id(name), name=local, maildir=maildir)


# --- the system's library -----------------------------------------------------------------------------------------

_WRONG: Final = frozenset({6, 7, 10, 11})
"""PAM_PERM_DENIED, PAM_AUTH_ERR, PAM_USER_UNKNOWN, PAM_MAXTRIES. Source: Linux-PAM's _pam_types.h."""

_BARRED: Final = frozenset({12, 13, 27})
"""PAM_NEW_AUTHTOK_REQD, PAM_ACCT_EXPIRED, PAM_AUTHTOK_EXPIRED."""


def meaning(code: int) -> PamAnswer:
    """Tell what a code of PAM's means for a login. Raises PamFault for those that are the system's fault."""
    if code == 0:
        return PamAnswer.FITS
    if code in _WRONG:
        return PamAnswer.WRONG
    if code in _BARRED:
        return PamAnswer.BARRED
    raise PamFault(f"PAM failed with code {code}: see the service's file in /etc/pam.d and the system's log")


def ask_system(service: str, name: str, password: Secret) -> PamAnswer:
    """Ask the machine's PAM: authenticate, then the account phase. Blocks. Raises PamFault."""
    pamela: Any = None  # Any: it has no types
    with contextlib.suppress(ImportError, OSError, TypeError, AttributeError):
        # Where there is no libpam it fails in one of the other ways.
        pamela = import_module("pamela")
    if pamela is None:
        raise PamFault("there is no PAM for Python here: install restante[pam], and libpam0g")
    code = 0
    try:
        # A list of one: that one prompt without echo is answered, and no other. No credentials are set.
        pamela.authenticate(name.encode(), [password.reveal()], service.encode(), resetcred=0)
    except pamela.PAMError as error:
        code = error.errno if isinstance(error.errno, int) else -1
    # Out here, so that no cause carries the password along.
    return meaning(code)
