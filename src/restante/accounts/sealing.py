"""Secrets that have to be had back are kept sealed under the key in the data folder: those of APOP, keys of SCRAM.

What is sealed is AES-256-GCM, bound to what it is for and to the account's id, so that neither one account's secret
can be put in the place of another's, nor an APOP secret in the place of keys. It protects a copy of the accounts'
file (a backup, a leak) that comes without the key; it does not protect against one who reads the whole data folder.
How it fails: SealingFault, whose message says what to do.
Sources: NIST SP 800-38D (GCM, nonces of 96 bits by lot), RFC 5869 (HKDF).
"""

from __future__ import annotations

import contextlib
import os
import secrets
from enum import Enum
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from restante.ports.accounts import AccountId
from restante.proto.terms import Secret

__all__ = ["SealedUse", "Sealer", "SealingFault"]

_KEY_OCTETS: Final = 32
_NONCE_OCTETS: Final = 12
_FORM: Final = b"\x01"
"""The first octet of what is sealed: which way it was done, should there ever be a second."""

_DECOY_ID: Final = AccountId("0" * 16)


class SealedUse(Enum):
    """What a secret is sealed for; the value is bound into it."""

    APOP = b"restante apop "
    SCRAM = b"restante scram "

    @property
    def words(self) -> str:
        """What people call it."""
        return "APOP secret" if self is SealedUse.APOP else "SCRAM keys"

    @property
    def remedy(self) -> str:
        """How to do without what was sealed."""
        return (
            "run `restante account apop NAME --enable` again"
            if self is SealedUse.APOP
            else "run `restante account password NAME` again"
        )


class SealingFault(Exception):
    """The key or a sealed secret cannot be used. The message is for the administrator and says what to do."""


class Sealer:
    """Seals secrets under the key in a file. The file is made when it is first needed to seal or to derive."""

    __slots__ = ("_cipher", "_decoy", "_decoy_cipher", "_path")

    def __init__(self, key_path: Path) -> None:
        """Name the key's file; it is read, or made, when it is first needed."""
        self._path = key_path
        self._cipher: AESGCM | None = None
        self._decoy_cipher = AESGCM(secrets.token_bytes(_KEY_OCTETS))
        self._decoy = _seal(self._decoy_cipher, _bound_to(_DECOY_ID, SealedUse.APOP), secrets.token_bytes(16))

    def __repr__(self) -> str:
        return f"Sealer({str(self._path)!r})"

    def seal(self, account_id: AccountId, secret: Secret, *, use: SealedUse = SealedUse.APOP) -> bytes:
        """Seal a secret for an account, making the key if there is none yet. Raises SealingFault."""
        cipher = self._cipher = AESGCM(self._key_made())
        return _seal(cipher, _bound_to(account_id, use), secret.reveal())

    def unseal(self, account_id: AccountId, sealed: bytes, *, use: SealedUse = SealedUse.APOP) -> Secret:
        """Give back a secret.

        Raises SealingFault when the key is missing or another, or it was sealed for another account or use.
        """
        bound = _bound_to(account_id, use)
        if self._cipher is not None:
            with contextlib.suppress(InvalidTag):
                return _unseal(self._cipher, bound, sealed)
        cipher = self._cipher = AESGCM(self._read_key())
        try:
            return _unseal(cipher, bound, sealed)
        except InvalidTag:
            raise SealingFault(
                f"what is sealed for the account with id {account_id} ({use.words}) does not open with the key "
                f"{self._path}: put back the key that belongs to these accounts, or {use.remedy}"
            ) from None

    def unseal_decoy(self) -> Secret:
        """Do the work of `unseal` and give a secret that nobody knows: for names that have none."""
        return _unseal(self._decoy_cipher, _bound_to(_DECOY_ID, SealedUse.APOP), self._decoy)

    def derive(self, use: bytes) -> Secret:
        """Give a key of 32 octets for another use, the same each time, making the sealing key if there is none.

        Who knows it learns nothing of the sealing key. Raises SealingFault.
        """
        # No salt: the sealing key is uniform already (RFC 5869 §3.1).
        return Secret(HKDF(algorithm=SHA256(), length=_KEY_OCTETS, salt=None, info=use).derive(self._key_made()))

    def _key_made(self) -> bytes:
        # Read anew: another process may have made the first key, or put back another, since.
        if not self._path.exists():
            self._make_key()
        return self._read_key()

    def _read_key(self) -> bytes:
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            with os.fdopen(descriptor, "rb") as file:
                mode = os.fstat(descriptor).st_mode
                text = file.read(2 * _KEY_OCTETS + 2)
        except FileNotFoundError:
            raise SealingFault(
                f"the key {self._path} is missing, so APOP secrets and SCRAM keys cannot be read: put it back from "
                "a backup, or run `restante account apop NAME --enable` again for each account that has APOP, and "
                "`restante account password NAME` for each that logs in by SCRAM"
            ) from None
        except OSError as error:
            raise SealingFault(
                f"the key {self._path} cannot be read: {error.strerror}; "
                "see that it belongs to the user that runs restante"
            ) from error
        if mode & 0o007:
            raise SealingFault(f"the key {self._path} is open to everybody on this machine: run `chmod 600` on it")
        try:
            key = bytes.fromhex(text.decode("ascii").strip())
        except ValueError:
            key = b""
        if len(key) != _KEY_OCTETS:
            # Neither the text nor the cause is told: what is left of the key may still be one.
            raise SealingFault(
                f"the key {self._path} is not {2 * _KEY_OCTETS} hexadecimal digits: put it back from a backup"
            ) from None
        return key

    def _make_key(self) -> None:
        """Make the key whole beside its place, then put it there unless another process was quicker.

        A crash leaves: a hidden `.….new` file that nothing reads (before the link), both names (before the unlink),
        or the key alone. A secret is sealed only after the key is durable, the folder's entry included.
        """
        draft = self._path.with_name(f".{self._path.name}.{secrets.token_hex(8)}.new")
        try:
            descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    os.fchmod(descriptor, 0o600)
                    file.write(secrets.token_hex(_KEY_OCTETS).encode("ascii") + b"\n")
                    file.flush()
                    os.fsync(descriptor)
                with contextlib.suppress(FileExistsError):
                    os.link(draft, self._path)
            finally:
                draft.unlink()
            folder = os.open(self._path.absolute().parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise SealingFault(
                f"the key {self._path} cannot be made: {error.strerror}; see that its folder is there, has room, "
                "and belongs to the user that runs restante"
            ) from error


def _seal(cipher: AESGCM, bound: bytes, secret: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE_OCTETS)
    return _FORM + nonce + cipher.encrypt(nonce, secret, bound)


def _unseal(cipher: AESGCM, bound: bytes, sealed: bytes) -> Secret:
    """Raise InvalidTag for whatever is wrong."""
    nonce = sealed[1 : 1 + _NONCE_OCTETS]
    if sealed[:1] != _FORM or len(nonce) != _NONCE_OCTETS:
        raise InvalidTag
    return Secret(cipher.decrypt(nonce, sealed[1 + _NONCE_OCTETS :], bound))


def _bound_to(account_id: AccountId, use: SealedUse) -> bytes:
    return use.value + account_id.encode("ascii")
