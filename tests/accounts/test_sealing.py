"""Secrets open with their key, for their account and their use, and not else; keys derived from it last as long."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from restante.accounts.sealing import SealedUse, Sealer, SealingFault
from restante.ports.accounts import AccountId
from restante.proto.terms import Secret

TED, TIM = AccountId("0123456789abcdef"), AccountId("fedcba9876543210")
SECRET = Secret(b"tanstaaf")


def test_a_sealed_secret_comes_back(tmp_path: Path) -> None:
    sealer = Sealer(tmp_path / "key")
    for octets in (b"tanstaaf", b"", bytes(range(256))):
        assert sealer.unseal(TED, sealer.seal(TED, Secret(octets))) == Secret(octets)


def test_what_is_sealed_shows_nothing_and_is_never_the_same_twice(tmp_path: Path) -> None:
    sealer = Sealer(tmp_path / "key")
    one, two = sealer.seal(TED, SECRET), sealer.seal(TED, SECRET)
    assert one != two
    assert b"tanstaaf" not in one


@pytest.mark.parametrize("umask", [0, 0o777])
def test_the_key_is_made_with_the_first_secret_for_its_owner_alone(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "key"
    sealer = Sealer(path)
    assert not path.exists()
    before = os.umask(umask)
    try:
        sealer.seal(TED, SECRET)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["key"]


def test_another_process_opens_what_was_sealed_here(tmp_path: Path) -> None:
    sealed = Sealer(tmp_path / "key").seal(TED, SECRET)
    key = (tmp_path / "key").read_bytes()
    assert Sealer(tmp_path / "key").unseal(TED, sealed) == SECRET
    Sealer(tmp_path / "key").seal(TIM, SECRET)
    assert (tmp_path / "key").read_bytes() == key


def test_many_that_make_the_key_at_once_have_one_key(tmp_path: Path) -> None:
    start = threading.Barrier(8)
    sealed: list[bytes] = []

    def seal() -> None:
        sealer = Sealer(tmp_path / "key")
        start.wait(timeout=30)
        sealed.append(sealer.seal(TED, SECRET))

    threads = [threading.Thread(target=seal) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sealed) == 8
    assert all(Sealer(tmp_path / "key").unseal(TED, each) == SECRET for each in sealed)


def test_one_accounts_secret_does_not_open_for_another(tmp_path: Path) -> None:
    sealer = Sealer(tmp_path / "key")
    with pytest.raises(SealingFault, match="does not open"):
        sealer.unseal(TIM, sealer.seal(TED, SECRET))


def test_a_secret_that_was_tampered_with_does_not_open(tmp_path: Path) -> None:
    sealer = Sealer(tmp_path / "key")
    sealed = sealer.seal(TED, SECRET)
    for place in range(len(sealed)):
        other = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        with pytest.raises(SealingFault):
            sealer.unseal(TED, other)
    for length in range(len(sealed)):
        with pytest.raises(SealingFault):
            sealer.unseal(TED, sealed[:length])


def test_a_missing_key_is_not_made_anew_by_reading(tmp_path: Path) -> None:
    sealed = Sealer(tmp_path / "key").seal(TED, SECRET)
    (tmp_path / "key").unlink()
    with pytest.raises(SealingFault, match=r"is missing.*backup"):
        Sealer(tmp_path / "key").unseal(TED, sealed)
    assert not (tmp_path / "key").exists()


def test_a_key_that_is_put_back_is_seen_without_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "key"
    sealed = Sealer(path).seal(TED, SECRET)
    kept = path.read_bytes()
    path.unlink()
    server = Sealer(path)
    server.seal(TIM, SECRET)
    with pytest.raises(SealingFault, match="does not open"):
        server.unseal(TED, sealed)
    path.write_bytes(kept)
    assert server.unseal(TED, sealed) == SECRET


@pytest.mark.parametrize("text", [b"", b"zz" * 32, b"ab" * 31, b"ab" * 33, b"\xff" * 64])
def test_a_damaged_key_is_told_without_a_word_of_it(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(text)
    path.chmod(0o600)
    with pytest.raises(SealingFault, match="64 hexadecimal digits: put it back") as fault:
        Sealer(path).seal(TED, SECRET)
    assert not text or text[:8].decode("latin-1") not in str(fault.value).replace(str(path), "")
    assert path.read_bytes() == text


def test_a_key_that_everybody_may_read_is_refused(tmp_path: Path) -> None:
    Sealer(tmp_path / "key").seal(TED, SECRET)
    (tmp_path / "key").chmod(0o644)
    with pytest.raises(SealingFault, match="chmod 600"):
        Sealer(tmp_path / "key").seal(TED, SECRET)


def test_a_folder_that_is_not_there_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(
        SealingFault, match="cannot be made: No such file or directory; see that its folder is there"
    ):
        Sealer(tmp_path / "no" / "key").seal(TED, SECRET)


def test_the_decoy_opens_without_a_key_and_makes_none(tmp_path: Path) -> None:
    sealer = Sealer(tmp_path / "key")
    assert len(sealer.unseal_decoy().reveal()) > 0
    assert sealer.unseal_decoy() != Sealer(tmp_path / "key").unseal_decoy()
    assert not (tmp_path / "key").exists()


def test_a_sealer_shows_no_key(tmp_path: Path) -> None:
    sealer = Sealer(tmp_path / "key")
    sealer.seal(TED, SECRET)
    assert (tmp_path / "key").read_text().strip() not in repr(sealer)


@pytest.mark.parametrize(("sealed_for", "opened_for"), [tuple(SealedUse), tuple(reversed(SealedUse))])
def test_what_is_sealed_for_one_use_does_not_open_for_another(
    tmp_path: Path, sealed_for: SealedUse, opened_for: SealedUse
) -> None:
    sealer = Sealer(tmp_path / "key")
    sealed = sealer.seal(TED, SECRET, use=sealed_for)
    assert sealer.unseal(TED, sealed, use=sealed_for) == SECRET
    with pytest.raises(SealingFault, match=opened_for.words) as fault:
        sealer.unseal(TED, sealed, use=opened_for)
    assert str(fault.value).endswith(opened_for.remedy)


def test_apop_secrets_of_before_there_were_other_uses_still_open(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("ab" * 32 + "\n")
    (tmp_path / "key").chmod(0o600)
    nonce = bytes(12)
    sealed = b"\x01" + nonce + AESGCM(b"\xab" * 32).encrypt(nonce, b"tanstaaf", b"restante apop " + TED.encode())
    assert Sealer(tmp_path / "key").unseal(TED, sealed) == SECRET


def test_a_derived_key_lasts_as_long_as_the_sealing_key_and_no_longer(tmp_path: Path) -> None:
    first = Sealer(tmp_path / "key").derive(b"one use")
    assert len(first.reveal()) == 32
    assert Sealer(tmp_path / "key").derive(b"one use") == first
    assert Sealer(tmp_path / "key").derive(b"another use") != first
    assert first.reveal().hex() != (tmp_path / "key").read_text().strip()
    (tmp_path / "key").unlink()
    assert Sealer(tmp_path / "key").derive(b"one use") != first
