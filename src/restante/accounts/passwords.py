"""Passwords: argon2id hashes, and a bounded pool of threads that makes them away from the event loop.

What it is not: a judge of logins (that is `authenticator`). A password is octets; whoever reads one from a person
encodes it as UTF-8. One hash takes 19 MiB and some 25 ms, and argon2 lets go of the interpreter's lock meanwhile.
How it fails: IllegalPassword for one that no account may get, BrokenHash for a stored hash that is none or cannot
be computed for want of memory, HashQueueFull when too many wait.
Source: OWASP Password Storage Cheat Sheet (argon2id, m=19456 KiB, t=2, p=1); RFC 9106; RFC 2449 §4 (255).
"""

from __future__ import annotations

import asyncio
import base64
import os
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final, TypeVar

import argon2
import argon2.exceptions

from restante.proto.terms import Secret

__all__ = [
    "HASHES_AT_ONCE",
    "HASH_LANES",
    "HASH_MEMORY_KIB",
    "HASH_PASSES",
    "HASH_QUEUE",
    "PASSWORD_OCTETS",
    "BrokenHash",
    "HashPool",
    "HashQueueFull",
    "IllegalPassword",
    "PasswordHasher",
    "check_new_password",
]

T = TypeVar("T")

HASH_MEMORY_KIB: Final = 19456
HASH_PASSES: Final = 2
HASH_LANES: Final = 1
"""These three are OWASP's least parameters for argon2id."""

PASSWORD_OCTETS: Final = 255 - len("PASS ") - len("\r\n")
"""A longer one could be made but not used: a command line ends at 255 octets. Source: RFC 2449 §4."""

HASHES_AT_ONCE: Final = 2
HASH_QUEUE: Final = 64
"""At 25 ms a hash and two at once, the last in the queue waits for about a second."""

_SALT_OCTETS: Final = 16
_TAG_OCTETS: Final = 32


class IllegalPassword(ValueError):
    """A password that no account may get. The message never shows it."""


class BrokenHash(Exception):
    """A stored hash is none of argon2's, or could not be computed."""


class HashQueueFull(Exception):
    """As many hashes wait as may wait: the login is to be tried again later."""


def check_new_password(password: Secret) -> None:
    """Refuse a password that could not be used over POP3: empty, too long, or holding CR, LF or NUL.

    Raises IllegalPassword.
    """
    octets = password.reveal()
    if not octets:
        raise IllegalPassword("the password is empty: choose one of at least one character, better of twelve")
    if len(octets) > PASSWORD_OCTETS:
        raise IllegalPassword(
            f"the password is longer than {PASSWORD_OCTETS} octets, too long for POP3: choose a shorter"
        )
    if any(octet in octets for octet in (b"\r", b"\n", b"\0")):
        raise IllegalPassword("the password holds a line end or a NUL, which POP3 cannot carry: leave them out")


class PasswordHasher:
    """Makes and checks argon2id hashes. All of its methods but `is_outdated` take a hash's time.

    Raises ValueError for parameters that argon2 does not know.
    """

    __slots__ = ("_argon2", "decoy")

    decoy: str
    """A hash of the same cost that no password fits: what an unknown name is checked against."""

    def __init__(
        self, *, memory_kib: int = HASH_MEMORY_KIB, passes: int = HASH_PASSES, lanes: int = HASH_LANES
    ) -> None:
        """Choose the parameters; `memory_kib` is in KiB and at least eight times `lanes`."""
        if memory_kib < 8 * lanes or passes < 1 or lanes < 1:
            raise ValueError("argon2 asks for one pass, one lane, and 8 KiB of memory for each lane, at the least")
        self._argon2 = argon2.PasswordHasher(
            time_cost=passes, memory_cost=memory_kib, parallelism=lanes, hash_len=_TAG_OCTETS, salt_len=_SALT_OCTETS
        )
        # The tag is drawn by lot: to know the password to it is as hard as to invert argon2. Hashing a word
        # instead would cost one hash at the start, or make the first unknown name take twice as long.
        salt, tag = (_unpadded(secrets.token_bytes(n)) for n in (_SALT_OCTETS, _TAG_OCTETS))
        self.decoy = f"$argon2id$v=19$m={memory_kib},t={passes},p={lanes}${salt}${tag}"

    def hash(self, password: Secret) -> str:
        """Hash a new password. Raises IllegalPassword, and BrokenHash when there is no memory for it."""
        check_new_password(password)
        return self._hash(password)

    def verify(self, encoded: str, password: Secret) -> bool:
        """Tell whether the password fits the hash. Raises BrokenHash."""
        try:
            return self._argon2.verify(encoded, password.reveal())
        except argon2.exceptions.VerifyMismatchError:
            return False
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError, ValueError) as error:
            # No words of the hash itself. `from None`, since the cause's frames hold the password.
            raise BrokenHash(f"a stored password hash cannot be checked ({type(error).__name__})") from None

    def is_outdated(self, encoded: str) -> bool:
        """Tell whether a hash was made with other parameters than these. Raises BrokenHash."""
        try:
            return self._argon2.check_needs_rehash(encoded)
        except (argon2.exceptions.InvalidHashError, ValueError) as error:
            raise BrokenHash(f"a stored password hash cannot be read ({type(error).__name__})") from None

    def rehash(self, password: Secret) -> str:
        """Hash a password that was proven right, whatever today's rule for new ones is. Raises BrokenHash."""
        return self._hash(password)

    def _hash(self, password: Secret) -> str:
        try:
            return self._argon2.hash(password.reveal())
        except argon2.exceptions.HashingError as error:
            raise BrokenHash(f"the password could not be hashed ({error})") from None


def _unpadded(octets: bytes) -> str:
    return base64.b64encode(octets).rstrip(b"=").decode("ascii")


class HashPool:
    """Runs hashes in `at_once` threads; at most `queue` more wait; one more is refused at once.

    Threads start with the first hash, and anew in a process that was forked since.
    """

    __slots__ = ("_at_once", "_in_hand", "_lock", "_process", "_queue", "_threads")

    def __init__(self, *, at_once: int = HASHES_AT_ONCE, queue: int = HASH_QUEUE) -> None:
        self._at_once = at_once
        self._queue = queue
        self._threads: ThreadPoolExecutor | None = None
        self._process = 0
        self._in_hand = 0
        self._lock = threading.Lock()

    @property
    def in_hand(self) -> int:
        """How many hashes run or wait."""
        return self._in_hand

    async def run(self, job: Callable[[], T]) -> T:
        """Run the job in a thread and give what it gives. Raises HashQueueFull, and whatever the job raises."""
        threads = self._running_threads()
        with self._lock:
            if self._in_hand >= self._at_once + self._queue:
                raise HashQueueFull(
                    f"{self._queue} logins wait for a password hash already: "
                    "raise auth.hashes_at_once if this goes on and there are cores to spare"
                )
            self._in_hand += 1
        try:
            future = threads.submit(job)
        except BaseException:
            self._done(None)
            raise
        # Counted until the thread is done with it, not until the asker has gone: the thread is what is scarce.
        future.add_done_callback(self._done)
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Let the threads end; what waits is cancelled. The next `run` starts new ones."""
        if self._threads is not None and self._process == os.getpid():
            self._threads.shutdown(wait=False, cancel_futures=True)
        self._threads = None

    def _running_threads(self) -> ThreadPoolExecutor:
        process = os.getpid()
        if self._threads is None or self._process != process:
            if self._process != process:
                # Threads do not come along into a fork, and neither does what they had in hand or locked.
                self._lock, self._in_hand = threading.Lock(), 0
            self._process = process
            self._threads = ThreadPoolExecutor(max_workers=self._at_once, thread_name_prefix="password-hash")
        return self._threads

    def _done(self, _future: Future[Any] | None) -> None:  # Any: of whatever the job gives
        with self._lock:
            self._in_hand -= 1
