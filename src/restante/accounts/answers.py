"""What is asked of the accounts' file: the questions of each login, and of mail that comes in.

Answers come from memory while nobody changed anything (`fresh`), so a change by another process shows at the very
next question. What is known is told without a lock and without a look at the file: that is the way of a login, on
the event loop. All else takes the lock and asks SQLite.

It may be asked from any thread. What it is not: the changes (`sql`).
How it fails: AccountFault, which says what to do.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Final

from restante.accounts.credentials import Credentials
from restante.accounts.fresh import FreshAnswers
from restante.accounts.maildir_owners import refuse_shared_maildir
from restante.accounts.names import NAME_OCTETS, MaildirPattern
from restante.accounts.rows import ACCOUNT_BY_NAME, ACCOUNTS, APP_PASSWORDS_OF, read_credentials
from restante.accounts.schema import faults_told
from restante.ports.accounts import Account

__all__ = ["CACHED_NAMES", "AccountAnswers"]

CACHED_NAMES: Final = 20_000
"""How many names a process keeps its answer to in memory; about 1 KB each. When full it starts afresh."""


class _Unasked(Enum):
    """Stands where the file was not asked for a name yet; None is an answer."""

    UNASKED = "unasked"


_UNASKED: Final = _Unasked.UNASKED


class AccountAnswers:
    """Answers from one file, by memory where that holds."""

    __slots__ = ("_any_apop", "_fresh", "_known", "_lock", "_path", "_pattern")

    def __init__(self, path: Path, pattern: MaildirPattern | None, clock: Callable[[], float]) -> None:
        """Name the file; it is opened, and made where there is none, with the first question.

        `pattern` names the Maildir of an account that has none of its own. `clock` gives seconds that never go
        back.
        """
        self._path = path
        self._pattern = pattern
        # Over the connection. What is known is read without it, and written under it alone.
        self._lock = threading.RLock()
        self._fresh = FreshAnswers(path, clock)
        # By the folded name.
        self._known: dict[str, Credentials | None] = {}
        self._any_apop: bool | None = None

    # --- questions -----------------------------------------------------------------------------------------------

    def find(self, name: str) -> Account | None:
        """Give the account of that name, without regard to case, or None for any name there is not.

        Raises AccountFault.
        """
        credentials = self.credentials(name)
        return None if credentials is None else credentials.account

    def credentials(self, name: str) -> Credentials | None:
        """Give what the account's password is checked against, or None for any name there is not.

        Soonest for a name in lower case. Raises AccountFault, also where the site's pattern gives the account
        another one's Maildir.
        """
        # In this order: once it was found to hold, what is known is as good as then, or newer.
        if self._fresh.still_hold():
            known = self._known.get(name, _UNASKED)
            if known is not _UNASKED:
                return known
        # Not str.lower alone: that would make the Kelvin sign a `k`.
        if not name.isascii() or len(name) > NAME_OCTETS:
            return None
        with self._lock, faults_told(self._path):
            return self._ask(name.lower())

    def any_apop(self) -> bool:
        """Tell whether some account has APOP enabled. Raises AccountFault."""
        if self._fresh.still_hold():
            known = self._any_apop
            if known is not None:
                return known
        with self._lock, faults_told(self._path):
            return self._ask_for_apop()

    def list_accounts(self) -> tuple[Account, ...]:
        """Give all accounts, by name. Raises AccountFault."""
        with self._lock, faults_told(self._path):
            rows = self._fresh.look(self._forget).execute(ACCOUNTS).fetchall()
        return tuple(read_credentials(self._path, self._pattern, row).account for row in rows)

    # --- the file ------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Let go of the file. The next question opens it again."""
        with self._lock:
            self._fresh.close()

    def hold(self) -> None:
        """Close the file and keep every other thread from opening it, until `let_go`. For the time of a fork."""
        self._lock.acquire()
        self._fresh.close()

    def let_go(self) -> None:
        """End what `hold` began, on the same thread, or on its copy in the child."""
        self._lock.release()

    # --- within, under the lock ----------------------------------------------------------------------------------

    def _ask(self, folded: str) -> Credentials | None:
        connection = self._fresh.look(self._forget)
        known = self._known.get(folded, _UNASKED)
        if known is not _UNASKED:
            return known
        row = connection.execute(ACCOUNT_BY_NAME, (folded,)).fetchone()
        credentials = None
        if row is not None:
            app_passwords = connection.execute(APP_PASSWORDS_OF, (row[0],)).fetchall()
            credentials = read_credentials(self._path, self._pattern, row, app_passwords)
            account = credentials.account
            refuse_shared_maildir(connection, self._pattern, account)
            if account.name == folded:
                # By the account's own text where that is the same: thousands are remembered.
                folded = account.name
        if len(self._known) >= CACHED_NAMES:
            self._known.clear()
        # Names that are not there are kept too: else they would take longer each time they are tried.
        self._known[folded] = credentials
        return credentials

    def _ask_for_apop(self) -> bool:
        connection = self._fresh.look(self._forget)
        known = self._any_apop
        if known is None:
            row = connection.execute(
                "SELECT EXISTS (SELECT 1 FROM account WHERE sealed_apop IS NOT NULL)"
            ).fetchone()
            known = self._any_apop = bool(row[0])
        return known

    def _forget(self) -> None:
        self._known.clear()
        self._any_apop = None
