"""A passwd-file is the directory of accounts, as it stands now; a broken one does not lock anybody out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from restante.accounts.authenticator import PasswordAuthenticator
from restante.accounts.credentials import CredentialDirectory
from restante.accounts.names import parse_account_name
from restante.accounts.passwd_file import LARGEST_FILE_OCTETS, MOST_TOLD_LINES, YOUNG_SECONDS, PasswdFileDirectory
from restante.accounts.passwords import HashPool
from restante.accounts.scheme_families import Scheme
from restante.accounts.schemes import SchemeVerifier, fits, read_stored_password
from restante.accounts.scram import seal_scram_keys, unseal_scram_keys
from restante.accounts.sealing import Sealer, SealingFault
from restante.accounts.sources import derived_account_id
from restante.accounts.verified import VerifiedCredentials
from restante.ports.accounts import (
    Accepted,
    AccountDirectory,
    AccountFault,
    AccountId,
    AccountStatus,
    RefusalReason,
    Refused,
    Unavailable,
)
from restante.ports.soon import Later
from restante.proto.terms import Secret
from restante.sasl.scram_keys import ScramHash

SHA = "{SHA}PDsnTRGf9aXsbB4hXBy3lNmXOsE="
CRYPT = (
    "$6$rounds=1000$roundstoolow$"
    "kUMsbe306n21p9R.FRkW3IGn.S9NPN0x50YhH1xhLsPuWGsUSklZt58jaTfF4ZEQpyUNGc0dqbpBYYBaHHrsX."
)
SCRAM = next(
    line.split("\t")[0]
    for line in (Path(__file__).parent / "data" / "doveadm_pw.tsv").read_text("utf-8").splitlines()
    if line.startswith("{SCRAM-SHA-256}")
)


class Site:
    """A passwd-file that an administrator changes, and a clock that stands."""

    def __init__(self, folder: Path, text: str = f"ted:{SHA}\n", **how: object) -> None:
        self.path = folder / "passwd"
        self.told: list[str] = []
        self.now = 2_000_000_000.0
        self.changes = 0
        self.write(text)
        self.directory = PasswdFileDirectory(
            self.path,
            tell=self.told.append,
            clock=lambda: self.now,
            **how,  # type: ignore[arg-type]
        )

    def write(self, text: str | bytes) -> None:
        """Rename a new file into place."""
        new = self.path.with_suffix(".new")
        new.write_bytes(text if isinstance(text, bytes) else text.encode())
        self.changes += 1
        # Long before the clock's time, so that the file is not young.
        os.utime(new, (1_000_000_000 + self.changes,) * 2)
        new.rename(self.path)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_it_is_a_directory_of_both_kinds(site: Site) -> None:
    as_accounts: AccountDirectory = site.directory
    as_credentials: CredentialDirectory = site.directory
    assert as_accounts.find("ted") is not None
    assert as_credentials.credentials("ted") is not None


def test_a_name_is_found_without_regard_to_case(site: Site) -> None:
    site.write(f"Ted@Example.org:{SHA}\nann:{SHA}\n")
    found = site.directory.find("TED@example.ORG")
    assert found is not None
    assert found.name == "Ted@Example.org"
    assert site.directory.find("ted") is None
    assert site.directory.find("bob") is None
    assert site.directory.find("\u212aen") is None
    assert site.directory.find("x" * 10_000) is None
    assert [account.name for account in site.directory.list_accounts()] == ["ann", "Ted@Example.org"]


def test_an_id_is_made_from_the_name_and_stays(site: Site, tmp_path: Path) -> None:
    account = site.directory.find("ted")
    assert account is not None
    assert len(account.id) == 16
    assert account.id == derived_account_id(parse_account_name("TED"))
    site.write(f"# moved\nann:{SHA}\nTed:{CRYPT}\n")
    again = site.directory.find("ted")
    assert again is not None
    assert again.id == account.id
    ann = site.directory.find("ann")
    assert ann is not None
    assert ann.id != account.id


def test_a_name_without_domain_answers_in_the_sites_domains_only(tmp_path: Path) -> None:
    site = Site(tmp_path, f"ted:{SHA}\nann@example.org:{CRYPT}\nann:{SHA}\n", domains=frozenset({"Example.org"}))
    for name in ("ted", "ted@example.org", "TED@EXAMPLE.ORG"):
        account = site.directory.find(name)
        assert account is not None
        assert account.name == "ted"
    assert site.directory.find("ted@example.com") is None
    ann = site.directory.find("ann@example.org")
    assert ann is not None
    assert ann.name == "ann@example.org"


def test_comments_empty_lines_and_crlf_are_passed_over(site: Site) -> None:
    site.write(f"# accounts\r\n\r\n   \n  # more\nted:{SHA}\r\n")
    found = site.directory.credentials("ted")
    assert found is not None
    assert found.password_hash == SHA
    assert site.told == []


def test_a_maildir_comes_from_the_line_or_the_site(tmp_path: Path) -> None:
    site = Site(
        tmp_path,
        f"ted:{SHA}::::/home/ted::userdb_mail=maildir:~/Maildir\nann:{SHA}\n",
        mail_location="maildir:/var/vmail/%n",
    )
    assert [account.maildir for account in site.directory.list_accounts()] == [
        Path("/var/vmail/ann"),
        Path("/home/ted/Maildir"),
    ]


def test_accounts_that_would_share_a_maildir_are_not_served(site: Site) -> None:
    mail = "userdb_mail=maildir:/var/vmail/shared"
    site.write(f"ted:{SHA}::::::{mail}\nann:{SHA}::::::{mail}/\nbob:{SHA}\n")
    for name in ("ted", "ann"):
        with pytest.raises(AccountFault, match="ted and ann would share the Maildir /var/vmail/shared"):
            site.directory.find(name)
    assert site.directory.find("bob") is not None
    assert len(site.told) == 1


def test_mail_that_is_no_maildir_bounces_nothing(site: Site) -> None:
    site.write(f"ted:{SHA}::::::userdb_mail=mdbox:~/mail\nann:{SHA}\n")
    with pytest.raises(AccountFault, match="dsync"):
        site.directory.find("ted")
    assert "line 1: ted cannot be served" in site.told[0]


# --- changes ------------------------------------------------------------------------------------------------------


def test_a_changed_file_shows_at_the_next_question(site: Site) -> None:
    assert site.directory.find("ann") is None
    site.write(f"ann:{SHA}\n")
    assert site.directory.find("ann") is not None
    assert site.directory.find("ted") is None


def test_a_file_of_the_same_length_and_time_shows_by_its_inode(site: Site) -> None:
    assert site.directory.find("ted") is not None
    before = site.path.stat()
    site.write(f"tea:{SHA}\n")
    os.utime(site.path, ns=(before.st_mtime_ns, before.st_mtime_ns))
    assert site.path.stat().st_size == before.st_size
    assert site.directory.find("tea") is not None


def test_a_young_file_is_compared_by_content(site: Site) -> None:
    os.utime(site.path, (site.now, site.now))
    assert site.directory.find("ted") is not None
    inode = site.path.stat().st_ino
    site.path.write_bytes(f"tea:{SHA}\n".encode())
    os.utime(site.path, (site.now, site.now))
    assert site.path.stat().st_ino == inode
    assert site.directory.find("tea") is not None
    site.now += YOUNG_SECONDS
    assert site.directory.find("tea") is not None


def test_a_generation_grows_when_the_line_changes_and_only_then(site: Site) -> None:
    def generation(name: str) -> int:
        account = site.directory.find(name)
        assert account is not None
        return account.generation

    site.write(f"ted:{SHA}\nann:{SHA}\n")
    first = generation("ted"), generation("ann")
    site.write(f"# a comment\nann:{SHA}\nted:{CRYPT}\n")
    assert generation("ted") > first[0]
    assert generation("ann") == first[1]
    second = generation("ted")
    site.write(f"ann:{SHA}\n")
    assert site.directory.find("ted") is None
    site.write(f"ann:{SHA}\nted:{CRYPT}\n")
    assert generation("ted") > second


@pytest.mark.parametrize(
    "broken", [b"", b"# nothing\n", b"a word\nand another\n", b"\0" * 100, b"<html>not found</html>\n"]
)
def test_a_file_that_is_broken_as_a_whole_leaves_the_old_accounts(site: Site, broken: bytes) -> None:
    assert site.directory.find("ted") is not None
    site.write(broken)
    for _ in range(3):
        assert site.directory.find("ted") is not None
    assert len(site.told) == 1
    assert "the 1 accounts read before stay" in site.told[0]
    site.write(f"ann:{SHA}\n")
    assert site.directory.find("ted") is None
    assert site.directory.find("ann") is not None


def test_a_file_that_is_gone_leaves_the_old_accounts_and_is_told_once(site: Site) -> None:
    assert site.directory.find("ted") is not None
    site.path.unlink()
    for _ in range(3):
        assert site.directory.find("ted") is not None
    assert len(site.told) == 1
    assert "No such file" in site.told[0]
    site.write(f"ann:{SHA}\n")
    assert site.directory.find("ann") is not None


def test_a_pipe_in_the_place_of_the_file_is_not_waited_for(site: Site) -> None:
    assert site.directory.find("ted") is not None
    site.path.unlink()
    os.mkfifo(site.path)
    assert site.directory.find("ted") is not None
    assert "no regular file" in site.told[0]


def test_a_file_that_is_too_long_is_refused(site: Site) -> None:
    assert site.directory.find("ted") is not None
    with site.path.open("r+b") as file:
        file.truncate(LARGEST_FILE_OCTETS + 1)
    assert site.directory.find("ted") is not None
    assert "longer than" in site.told[0]


def test_without_any_reading_it_is_a_fault_each_time(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.path.unlink()
    for _ in range(2):
        with pytest.raises(AccountFault, match="No such file"):
            site.directory.find("ted")
    site.write("broken\n")
    for _ in range(2):
        with pytest.raises(AccountFault, match="no account in it"):
            site.directory.credentials("ted")
    site.write(f"ted:{SHA}\n")
    assert site.directory.find("ted") is not None


def test_broken_lines_are_named_and_passed_over(site: Site) -> None:
    site.write(f"ted:{SHA}\nno colon\na/b:SECRET\nTED:{CRYPT}\nann:{SHA}\n")
    assert [account.name for account in site.directory.list_accounts()] == ["ann", "ted"]
    found = site.directory.credentials("ted")
    assert found is not None
    assert found.password_hash == SHA
    assert [told.split(", ", 1)[1].split(":")[0] for told in site.told] == ["line 2", "line 3", "line 4"]
    assert not any("SECRET" in told for told in site.told)


def test_of_very_many_broken_lines_only_some_are_told(site: Site) -> None:
    site.write(f"ted:{SHA}\n" + "broken\n" * (MOST_TOLD_LINES + 5))
    assert site.directory.find("ted") is not None
    assert len(site.told) == MOST_TOLD_LINES + 1
    assert "5 more" in site.told[-1]


# --- logins -------------------------------------------------------------------------------------------------------


class Logins:
    """An authenticator over the file, as a server has it."""

    def __init__(self, site: Site, folder: Path) -> None:
        self.pool = HashPool()
        self.judge = PasswordAuthenticator(
            site.directory,
            hasher=SchemeVerifier(site.directory.decoy),
            pool=self.pool,
            verified=VerifiedCredentials(),
            sealer=Sealer(folder / "key"),
        )

    async def try_in(self, name: bytes, password: bytes) -> object:
        soon = self.judge.verify_password(name, Secret(password))
        return await soon if isinstance(soon, Later) else soon


async def test_logins_are_judged_by_the_file(site: Site, tmp_path: Path) -> None:
    site.write(
        f"ted:{SHA}\nann:{CRYPT}\nout:*\nnets:{SHA}::::::allow_nets=10.0.0.0/8\nold:{{DIGEST-MD5}}0\nplain:{{PLAIN}}S\n"
    )
    logins = Logins(site, tmp_path)
    try:
        accepted = await logins.try_in(b"TED", b"SECRET")
        assert isinstance(accepted, Accepted)
        assert accepted.account.name == "ted"
        assert isinstance(await logins.try_in(b"ann", b"the minimum number is still observed"), Accepted)
        for name, reason in (
            (b"ted", RefusalReason.WRONG_PASSWORD),
            (b"nobody", RefusalReason.UNKNOWN_NAME),
        ):
            assert await logins.try_in(name, b"wrong") == Refused(reason=reason)
        for name in (b"out", b"nets"):
            assert isinstance(await logins.try_in(name, b"SECRET"), Refused)
        for name, said in ((b"old", "DIGEST-MD5"), (b"plain", "plain text")):
            verdict = await logins.try_in(name, b"S")
            assert isinstance(verdict, Unavailable)
            assert said in verdict.reason
            # Its mail does not bounce.
            assert site.directory.find(name.decode()) is not None
    finally:
        logins.pool.close()


async def test_a_changed_password_ends_the_old_one_at_once(site: Site, tmp_path: Path) -> None:
    logins = Logins(site, tmp_path)
    try:
        assert isinstance(await logins.try_in(b"ted", b"SECRET"), Accepted)
        site.write(f"ted:{CRYPT}\n")
        assert isinstance(await logins.try_in(b"ted", b"SECRET"), Refused)
    finally:
        logins.pool.close()


def test_locked_accounts_are_locked_and_their_mail_accepted(site: Site) -> None:
    site.write(f"ted:!{CRYPT}\nann:{SHA}::::::nopassword=y\nbob:{SHA}\n")
    for name in ("ted", "ann"):
        account = site.directory.find(name)
        assert account is not None
        assert account.status is AccountStatus.LOCKED
        found = site.directory.credentials(name)
        assert found is not None
        assert not fits(read_stored_password(found.password_hash), Secret(b"SECRET"))
    assert "nopassword" in site.told[0]


def test_the_decoy_is_like_the_commonest_password(site: Site) -> None:
    site.write(f"a:{CRYPT}\nb:{SHA}\nc:{CRYPT}\nd:*\n")
    site.directory.list_accounts()
    decoy = read_stored_password(site.directory.decoy())
    assert decoy.scheme is Scheme.CRYPT
    assert decoy.octets.startswith(b"$6$rounds=1000$")
    locked = site.directory.credentials("d")
    assert locked is not None
    assert read_stored_password(locked.password_hash).cost == decoy.cost
    kept = site.directory.decoy()
    site.write(f"a:{CRYPT}\nb:{CRYPT}\nd:*\n")
    site.directory.list_accounts()
    assert site.directory.decoy() == kept


def test_scram_keys_are_sealed_for_the_authenticator(tmp_path: Path) -> None:
    sealer = Sealer(tmp_path / "key")
    site = Site(
        tmp_path,
        f"ted:{SCRAM}\nann:{SHA}\n",
        seal_scram=lambda account, keys: seal_scram_keys(sealer, account, keys),
    )
    found = site.directory.credentials("ted")
    assert found is not None
    assert found.sealed_scram is not None
    keys = unseal_scram_keys(sealer, found.account.id, found.sealed_scram)[ScramHash.SHA_256]
    assert keys.fit(Secret(b"SECRET"))
    again, other = site.directory.credentials("TED"), site.directory.credentials("ann")
    assert again is not None
    assert again.sealed_scram is found.sealed_scram
    assert other is not None
    assert other.sealed_scram is None


def test_keys_that_cannot_be_sealed_are_a_fault_of_the_directory(tmp_path: Path) -> None:
    def fail(account: AccountId, keys: object) -> bytes:
        raise SealingFault("the key is gone: put it back")

    site = Site(tmp_path, f"ted:{SCRAM}\n", seal_scram=fail)
    with pytest.raises(AccountFault, match="put it back"):
        site.directory.credentials("ted")
    assert site.directory.find("ted") is not None


def test_nothing_is_written(site: Site) -> None:
    before = site.path.read_bytes()
    account = site.directory.find("ted")
    assert account is not None
    assert not site.directory.replace_hash(account.id, SHA, CRYPT)
    assert not site.directory.replace_scram(account.id, SHA, b"keys")
    site.directory.note_uses({(AccountId("0" * 16), "phone"): 1.0})
    site.directory.close()
    assert not site.directory.any_apop()
    assert site.path.read_bytes() == before


def test_what_it_holds_does_not_show(site: Site) -> None:
    assert "PDsnTRG" not in repr(site.directory.credentials("ted"))
