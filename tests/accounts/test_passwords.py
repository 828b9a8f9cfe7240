"""Hashes are argon2id with OWASP's parameters, and the pool that makes them is bounded."""

from __future__ import annotations

import asyncio
import threading

import argon2
import pytest

from restante.accounts.passwords import (
    PASSWORD_OCTETS,
    BrokenHash,
    HashPool,
    HashQueueFull,
    IllegalPassword,
    PasswordHasher,
    check_new_password,
)
from restante.proto.terms import Secret

CHEAP = PasswordHasher(memory_kib=8, passes=1)


def test_a_password_fits_its_own_hash_only() -> None:
    encoded = CHEAP.hash(Secret(b"SECRET"))
    assert CHEAP.verify(encoded, Secret(b"SECRET"))
    assert not CHEAP.verify(encoded, Secret(b"secret"))
    assert not CHEAP.verify(encoded, Secret(b""))


def test_equal_passwords_have_unequal_hashes() -> None:
    assert CHEAP.hash(Secret(b"SECRET")) != CHEAP.hash(Secret(b"SECRET"))


def test_passwords_are_octets() -> None:
    octets = bytes(range(1, 256)).replace(b"\r", b"").replace(b"\n", b"")[:PASSWORD_OCTETS]
    assert CHEAP.verify(CHEAP.hash(Secret(octets)), Secret(octets))


def test_the_default_parameters_are_those_of_owasp() -> None:
    encoded = PasswordHasher().hash(Secret(b"SECRET"))
    assert encoded.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_the_decoy_costs_what_a_real_hash_costs_and_fits_nothing() -> None:
    for hasher in (CHEAP, PasswordHasher()):
        real, decoy = hasher.hash(Secret(b"SECRET")), hasher.decoy
        assert argon2.extract_parameters(decoy) == argon2.extract_parameters(real)
        assert len(decoy) == len(real)
        assert not hasher.is_outdated(decoy)
        assert not hasher.verify(decoy, Secret(b"SECRET"))


def test_a_hash_of_other_parameters_is_outdated_and_still_fits() -> None:
    encoded = CHEAP.hash(Secret(b"SECRET"))
    stronger = PasswordHasher(memory_kib=16, passes=1)
    assert not CHEAP.is_outdated(encoded)
    assert stronger.is_outdated(encoded)
    assert stronger.verify(encoded, Secret(b"SECRET"))


@pytest.mark.parametrize(
    "stored", ["", "SECRET", "$1$abc$def", "$argon2id$", "$argon2id$v=19$m=8,t=1,p=1$AAAA", "é"]
)
def test_what_is_no_hash_is_told_without_a_word_of_it(stored: str) -> None:
    with pytest.raises(BrokenHash) as broken:
        CHEAP.verify(stored, Secret(b"SECRET"))
    assert not stored or stored not in str(broken.value)
    assert broken.value.__cause__ is None


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (b"", "empty"),
        (b"x" * (PASSWORD_OCTETS + 1), "longer than 248"),
        (b"a\nb", "line end"),
        (b"a\rb", "line end"),
        (b"a\0b", "NUL"),
    ],
)
def test_a_password_that_pop3_cannot_carry_is_not_given(octets: bytes, words: str) -> None:
    with pytest.raises(IllegalPassword, match=words) as refused:
        CHEAP.hash(Secret(octets))
    assert not octets or octets.decode() not in str(refused.value)


def test_the_longest_password_fits_into_pass() -> None:
    longest = Secret(b"x" * PASSWORD_OCTETS)
    check_new_password(longest)
    assert len(b"PASS " + longest.reveal() + b"\r\n") == 255
    check_new_password(Secret(b" spaces belong to it "))


@pytest.mark.parametrize("wrong", [{"memory_kib": 7}, {"passes": 0}, {"lanes": 0}, {"memory_kib": 8, "lanes": 2}])
def test_parameters_that_argon2_does_not_know_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="argon2 asks"):
        PasswordHasher(**wrong)


async def test_the_pool_runs_away_from_the_event_loop() -> None:
    pool = HashPool(at_once=1, queue=0)
    assert await pool.run(threading.get_ident) != threading.get_ident()
    pool.close()


async def test_one_more_than_the_queue_holds_is_refused_at_once() -> None:
    pool = HashPool(at_once=2, queue=3)
    go = threading.Event()
    try:
        waiting = [asyncio.ensure_future(pool.run(go.wait)) for _ in range(5)]
        await asyncio.sleep(0)
        assert pool.in_hand == 5
        with pytest.raises(HashQueueFull, match=r"auth\.hashes_at_once"):
            await pool.run(go.wait)
        go.set()
        assert await asyncio.gather(*waiting) == [True] * 5
        assert pool.in_hand == 0
        assert await pool.run(lambda: "room again") == "room again"
    finally:
        go.set()
        pool.close()


async def test_no_more_run_at_once_than_may() -> None:
    pool = HashPool(at_once=2, queue=20)
    lock = threading.Lock()
    running, most = 0, 0
    # Both threads have to be in the job for either to go on: so two at once it is, and never three.
    both = threading.Barrier(2)

    def job() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        both.wait(timeout=30)
        with lock:
            running -= 1

    await asyncio.gather(*(pool.run(job) for _ in range(10)))
    pool.close()
    assert most == 2


async def test_a_job_whose_asker_went_away_counts_until_its_thread_is_done() -> None:
    pool = HashPool(at_once=1, queue=0)
    go, began = threading.Event(), threading.Event()

    def job() -> None:
        began.set()
        go.wait()

    asker = asyncio.ensure_future(pool.run(job))
    await asyncio.sleep(0)
    assert began.wait(timeout=30)
    asker.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asker
    assert pool.in_hand == 1
    with pytest.raises(HashQueueFull):
        await pool.run(lambda: None)
    go.set()
    pool.close()


async def test_what_a_job_raises_reaches_its_asker() -> None:
    pool = HashPool()

    def job() -> None:
        raise BrokenHash("no hash")

    with pytest.raises(BrokenHash, match="no hash"):
        await pool.run(job)
    assert pool.in_hand == 0
    pool.close()


def test_a_hash_that_memory_does_not_suffice_for_is_told_without_the_password() -> None:
    class NoMemory:
        def hash(self, password: bytes) -> str:
            raise argon2.exceptions.HashingError("Memory allocation error")

    hasher = PasswordHasher(memory_kib=8, passes=1)
    object.__setattr__(hasher, "_argon2", NoMemory())
    with pytest.raises(BrokenHash, match="Memory allocation error") as broken:
        hasher.hash(Secret(b"SECRET"))
    assert broken.value.__cause__ is None


@pytest.mark.parametrize("stored", ["", "SECRET", "$argon2id$"])
def test_what_is_no_hash_is_not_called_outdated(stored: str) -> None:
    with pytest.raises(BrokenHash, match="cannot be read"):
        CHEAP.is_outdated(stored)


async def test_a_closed_pool_starts_anew() -> None:
    pool = HashPool()
    pool.close()
    assert await pool.run(lambda: 1) == 1
    pool.close()
    assert await pool.run(lambda: 2) == 2
    pool.close()


def test_a_hasher_shows_no_secret() -> None:
    assert "SECRET" not in repr(CHEAP)
    assert "SECRET" not in repr(Secret(b"SECRET"))
