"""Accounts in a passwd-file of Dovecot's: the directory of a site that moves, or that keeps its accounts there.

    user:password:uid:gid:(gecos):home:(shell):extra_fields

The file belongs to another program and is only read: anew when its time, its inode or its length changed, so that a
file that was renamed into place shows at the very next question. While a new one is broken as a whole (it is gone,
cannot be read, or has no account in it) the old accounts go on, and the fault is told; a line that is broken is
told and passed over. A line whose account is known but whose password or mail cannot be used is not passed over:
its mail must not bounce. `passwd_lines` says what a line may hold.

An account's id is made from its name (`sources.derived_account_id`): the file has no room for one. So a removed
account that comes back under its name finds its mail again, and so does whoever else gets that name.
Its `generation` counts up with each reading that found its line changed, in this process.
What it is not: a place to store anything; hashes are not renewed, keys and uses are not noted.
How it fails: AccountFault, which says what to do, where nothing was ever read, or for one account that two share
their Maildir with or whose mail is no Maildir.
Source: Dovecot's "Passwd-file" and "Variables".
"""

from __future__ import annotations

import hashlib
import os
import stat
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from restante.accounts.credentials import Credentials
from restante.accounts.names import NAME_OCTETS, MaildirPattern
from restante.accounts.passwd_lines import LineBroken, PasswdLine, parse_passwd_line
from restante.accounts.passwords import BrokenHash
from restante.accounts.schemes import StoredPassword, decoy_like, read_stored_password, scram_keys_of
from restante.accounts.sealing import SealingFault
from restante.accounts.sources import derived_account_id
from restante.ports.accounts import Account, AccountFault, AccountId, AccountStatus
from restante.sasl.scram_keys import ScramHash, ScramKeys

__all__ = ["LARGEST_FILE_OCTETS", "YOUNG_SECONDS", "PasswdFileDirectory"]

LARGEST_FILE_OCTETS: Final = 64 * 1024 * 1024
"""Some 500,000 lines."""

YOUNG_SECONDS: Final = 2.0
"""A file that was changed so lately may be changed again without a new time on it; it is compared by content."""

MOST_TOLD_LINES: Final = 20
"""How many broken lines of one reading are told; of the others the count is."""

_FALLBACK: Final = "{SHA512-CRYPT}$6$saltsaltsaltsalt$" + "." * 86
"""What a decoy is like while no account tells what logins here cost."""

Stamp = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """One account of the file."""

    line: PasswdLine
    account: Account
    password: str = field(repr=False)
    """What a login is checked against: the line's own text, or a decoy where nobody is to log in."""
    stored: StoredPassword | None = field(repr=False)
    """None where the text cannot be read, or nobody is to log in."""
    fault: str | None
    """Why the account cannot be served."""


class PasswdFileDirectory:
    """The accounts of one passwd-file. May be asked from any thread."""

    def __init__(
        self,
        path: Path,
        *,
        default_scheme: str = "CRYPT",
        allow_plain: bool = False,
        mail_location: str | None = None,
        maildir_pattern: MaildirPattern | None = None,
        domains: frozenset[str] = frozenset(),
        seal_scram: Callable[[AccountId, dict[ScramHash, ScramKeys]], bytes] | None = None,
        tell: Callable[[str], None] = lambda _fault: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Name the file; it is read with the first question.

        `default_scheme` is for passwords without one in braces. `mail_location` is for accounts without
        `userdb_mail`, as Dovecot writes it (`maildir:/var/vmail/%d/%n`); None: as `maildir_pattern`
        says, and without that a maildrop in the data folder.
        A name without domain in the file answers for that name in each of `domains`, too. `seal_scram` seals the
        keys of SCRAM schemes (`scram.seal_scram_keys`), so that SCRAM works with them; None leaves them to PLAIN.
        `tell` takes sentences for the log, from any thread. `clock` gives seconds since the epoch.
        """
        self._path = path
        self._default_scheme = default_scheme
        self._allow_plain = allow_plain
        self._mail_location = mail_location
        self._maildir_pattern = maildir_pattern
        self._domains = frozenset(domain.lower() for domain in domains)
        self._seal_scram = seal_scram
        self._tell = tell
        self._clock = clock
        self._lock = threading.RLock()
        self._stamp: Stamp | None = None
        self._young = False
        self._digest = b""
        self._entries: dict[str, _Entry] | None = None
        self._sealed: dict[str, bytes] = {}
        self._readings = 0
        self._told = ""
        self._cost: object = None
        self._decoy = decoy_like(_FALLBACK)

    # --- questions -----------------------------------------------------------------------------------------------

    def find(self, name: str) -> Account | None:
        """Give the account of that name, without regard to case, or None. Raises AccountFault."""
        entry = self._entry(name)
        return None if entry is None else entry.account

    def credentials(self, name: str) -> Credentials | None:
        """Give what the account's password is checked against, or None. Raises AccountFault.

        The hash is the text of the file's password field, for a `schemes.SchemeVerifier`.
        """
        entry = self._entry(name)
        if entry is None:
            return None
        return Credentials(
            account=entry.account, password_hash=entry.password, sealed_scram=self._sealed_scram(entry)
        )

    def list_accounts(self) -> tuple[Account, ...]:
        """Give all accounts, by name. Raises AccountFault where there is no file to read."""
        with self._lock:
            entries = self._fresh()
            return tuple(entries[name].account for name in sorted(entries))

    def decoy(self) -> str:
        """Give a password text that nothing fits and that costs what most logins of this file cost."""
        with self._lock:
            return self._decoy

    def any_apop(self) -> bool:
        """Tell that none has: APOP needs a secret sealed by us."""
        return False

    def replace_hash(self, account_id: AccountId, old: str, new: str) -> bool:
        """Replace nothing: the file is another program's."""
        del account_id, old, new
        return False

    def replace_scram(self, account_id: AccountId, password_hash: str, sealed: bytes) -> bool:
        """Keep nothing, as there is no place for it."""
        del account_id, password_hash, sealed
        return False

    def note_uses(self, uses: Mapping[tuple[AccountId, str], float]) -> None:
        """Note nothing: there are no application passwords here."""

    def close(self) -> None:
        """Hold nothing open: there is nothing to do."""

    # --- within --------------------------------------------------------------------------------------------------

    def _entry(self, name: str) -> _Entry | None:
        if not name.isascii() or len(name) > NAME_OCTETS:
            return None
        folded = name.lower()
        with self._lock:
            entries = self._fresh()
            entry = entries.get(folded)
            if entry is None:
                local, _, domain = folded.partition("@")
                entry = entries.get(local) if domain in self._domains else None
        if entry is not None and entry.fault is not None:
            raise AccountFault(entry.fault)
        return entry

    def _sealed_scram(self, entry: _Entry) -> bytes | None:
        """Seal an account's SCRAM keys when they are first asked for."""
        if self._seal_scram is None or entry.stored is None:
            return None
        keys = scram_keys_of(entry.stored)
        if keys is None:
            return None
        with self._lock:
            sealed = self._sealed.get(entry.account.id)
            if sealed is None:
                try:
                    sealed = self._seal_scram(entry.account.id, {keys.hash: keys})
                except SealingFault as fault:
                    raise AccountFault(str(fault)) from fault
                self._sealed[entry.account.id] = sealed
            return sealed

    def _fresh(self) -> dict[str, _Entry]:
        """Give the accounts, having read the file anew if it changed. Called under the lock."""
        try:
            found = os.stat(self._path)  # noqa: PTH116 - on the way of each login; Path would cost three times as much
            if not stat.S_ISREG(found.st_mode):
                # To open a pipe would wait for whoever writes to it.
                raise _Broken("is no regular file: name one")
            stamp = (found.st_mtime_ns, found.st_ino, found.st_size)
            if self._entries is None or stamp != self._stamp or self._young:
                self._read(stamp, found.st_mtime)
        except OSError as error:
            self._keep_old(f"cannot be read ({error.strerror}): see that it is there and may be read")
        except _Broken as broken:
            self._keep_old(str(broken))
        if self._entries is None:
            raise AccountFault(f"the passwd-file {self._path} {self._told}")
        return self._entries

    def _read(self, stamp: Stamp, changed: float) -> None:
        """Read the file. Raises OSError, _Broken; what was read before then stays."""
        with self._path.open("rb") as file:
            octets = file.read(LARGEST_FILE_OCTETS + 1)
        # The stamp was taken before the reading: a change in between is read at the next question, not missed.
        self._stamp, self._young = stamp, abs(self._clock() - changed) < YOUNG_SECONDS
        digest = hashlib.blake2b(octets).digest()
        if digest == self._digest:
            if self._entries is None:
                raise _Broken(self._told)
            return
        self._digest = digest
        if len(octets) > LARGEST_FILE_OCTETS:
            raise _Broken(f"is longer than {LARGEST_FILE_OCTETS} octets: part it into several")
        entries, faults = self._parse(octets)
        if not entries:
            raise _Broken(
                "has no account in it" + (f" ({faults[0]})" if faults else "") + ": put one with accounts there"
            )
        self._told = ""
        self._entries = entries
        self._sealed.clear()
        self._set_decoy()
        for fault in faults[:MOST_TOLD_LINES]:
            self._tell(f"the passwd-file {self._path}, {fault}")
        if len(faults) > MOST_TOLD_LINES:
            self._tell(f"the passwd-file {self._path} has {len(faults) - MOST_TOLD_LINES} more lines with faults")

    def _keep_old(self, fault: str) -> None:
        """Go on with what was read before, and tell a fault once."""
        if fault == self._told:
            return
        self._told = fault
        if self._entries is not None:
            self._tell(f"the passwd-file {self._path} {fault}; the {len(self._entries)} accounts read before stay")

    def _parse(self, octets: bytes) -> tuple[dict[str, _Entry], list[str]]:
        """Read all lines: the accounts, and what is to be told. All told sentences begin with the line's number."""
        self._readings += 1
        entries: dict[str, _Entry] = {}
        faults: list[str] = []
        for number, octets_of_line in enumerate(octets.split(b"\n"), 1):
            text = octets_of_line.rstrip(b"\r").decode("utf-8", "surrogateescape")
            if not text.strip() or text.lstrip().startswith("#"):
                continue
            try:
                line = parse_passwd_line(
                    text, mail_location=self._mail_location, maildir_pattern=self._maildir_pattern
                )
            except LineBroken as broken:
                faults.append(f"line {number}: {broken}; the line is passed over")
                continue
            if line.name.folded in entries:
                faults.append(f"line {number}: {line.name} stands there for the second time; the first counts")
                continue
            entries[line.name.folded] = self._make_entry(line, number, faults)
        return _without_shared_maildirs(entries, faults), faults

    def _make_entry(self, line: PasswdLine, number: int, faults: list[str]) -> _Entry:
        stored: StoredPassword | None = None
        if line.mail_fault is not None:
            faults.append(f"line {number}: {line.name} cannot be served: {line.mail_fault}")
        if line.no_login is not None:
            faults.append(f"line {number}: {line.name} cannot log in: {line.no_login}")
        elif not line.locked:
            try:
                stored = read_stored_password(
                    line.password, default=self._default_scheme, allow_plain=self._allow_plain
                )
            except BrokenHash as broken:
                faults.append(f"line {number}: {line.name} cannot log in: {broken}")
        out = line.locked or line.no_login is not None
        before = None if self._entries is None else self._entries.get(line.name.folded)
        account = Account(
            id=derived_account_id(line.name),
            name=str(line.name),
            status=AccountStatus.LOCKED if out else AccountStatus.ACTIVE,
            maildir=line.maildir,
            generation=before.account.generation if before and before.line == line else self._readings,
        )
        fault = None if line.mail_fault is None else f"the account {line.name} cannot be served: {line.mail_fault}"
        return _Entry(
            line=line,
            account=account,
            password=self._decoy if out else line.password,
            stored=stored,
            fault=fault,
        )

    def _set_decoy(self) -> None:
        """Make a decoy like the commonest password of the file, so that time tells the least about names."""
        entries = self._entries or {}
        with_password = [entry for entry in entries.values() if entry.stored is not None]
        costs = Counter(entry.stored.cost for entry in with_password if entry.stored)
        cost = costs.most_common(1)[0][0] if costs else self._cost
        if cost == self._cost:
            return
        self._cost = cost
        model = next(entry for entry in with_password if entry.stored and entry.stored.cost == cost)
        self._decoy = decoy_like(model.password, default=self._default_scheme)
        for name, entry in entries.items():
            if entry.account.status is AccountStatus.LOCKED:
                entries[name] = replace(entry, password=self._decoy)


class _Broken(Exception):
    """The file is broken as a whole. The message goes on from its path."""


def _without_shared_maildirs(entries: dict[str, _Entry], faults: list[str]) -> dict[str, _Entry]:
    """Mark the accounts that would read and remove each other's mail."""
    owners: dict[Path, str] = {}
    for name, entry in entries.items():
        maildir = entry.account.maildir
        if maildir is None:
            continue
        owner = owners.setdefault(maildir, name)
        if owner != name:
            told = (
                f"{entries[owner].line.name} and {entry.line.name} would share the Maildir {maildir}, so neither is"
            )
            told += " served: give each one of its own"
            faults.append(f"the accounts {told}")
            for shared in (owner, name):
                entries[shared] = replace(entries[shared], fault=f"the accounts {told}")
    return entries
