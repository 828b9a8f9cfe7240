"""The file is whole, private and of a known schema, or its fault is told with what to do."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from pathlib import Path

import pytest

from restante.accounts.schema import MIGRATIONS, Change, account_fault, faults_told, open_for_questions
from restante.accounts.sql import SqlDirectory
from restante.ports.accounts import AccountFault, AccountStatus


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "accounts.db"


@pytest.mark.parametrize("umask", [0, 0o077, 0o777])
def test_the_file_and_its_log_are_for_their_owner_alone_whatever_the_umask(path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        connection = open_for_questions(path)
        with Change(path) as change:
            change.run("DELETE FROM account")
    finally:
        os.umask(before)
    files = {entry.name: entry.stat().st_mode & 0o777 for entry in path.parent.iterdir()}
    connection.close()
    assert files == dict.fromkeys(
        ("accounts.db", "accounts.db-wal", "accounts.db-shm", "accounts.db-changed"), 0o600
    )


def test_nothing_else_is_left_beside_it(path: Path) -> None:
    open_for_questions(path).close()
    assert [entry.name for entry in path.parent.iterdir()] == ["accounts.db"]


def test_a_new_file_has_todays_schema_and_a_write_ahead_log(path: Path) -> None:
    connection = open_for_questions(path)
    assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    connection.close()


def test_many_that_make_it_at_once_have_one_file(path: Path) -> None:
    start = threading.Barrier(8)
    failures: list[BaseException] = []

    def make(number: int) -> None:
        start.wait(timeout=30)
        try:
            with Change(path) as change:
                change.run(
                    "INSERT INTO account VALUES (?, ?, ?, ?, 'active', '', NULL, NULL, 1, 0, 0, NULL)",
                    f"{number:016x}",
                    f"t{number}",
                    f"t{number}",
                    f"t{number}",
                )
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=make, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with Change(path) as change:
        assert change.rows("SELECT count(*) FROM account") == [(8,)]
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["accounts.db", "accounts.db-changed"]


def test_an_empty_file_is_filled(path: Path) -> None:
    path.touch()
    connection = open_for_questions(path)
    assert connection.execute("SELECT count(*) FROM account").fetchone() == (0,)
    connection.close()


def test_a_newer_schema_is_left_alone_and_told(path: Path) -> None:
    open_for_questions(path).close()
    newer = sqlite3.connect(path)
    newer.execute("PRAGMA user_version = 99")
    newer.close()
    with pytest.raises(AccountFault, match=r"newer Restante \(schema 99, this one knows 2\): upgrade"):
        open_for_questions(path)
    again = sqlite3.connect(path)
    assert again.execute("PRAGMA user_version").fetchone() == (99,)
    again.close()


def test_a_migration_that_fails_leaves_the_schema_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_for_questions(path).close()
    broken = (*MIGRATIONS, "CREATE TABLE extra (a); CREATE TABLE extra (a)")
    monkeypatch.setattr("restante.accounts.schema.MIGRATIONS", broken)
    with pytest.raises(AccountFault, match="already exists"), faults_told(path):
        open_for_questions(path)
    monkeypatch.undo()
    connection = open_for_questions(path)
    tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    connection.close()
    assert tables == [("account",), ("app_password",)]


def test_a_migration_is_run_once_on_a_file_of_before(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_for_questions(path).close()
    monkeypatch.setattr("restante.accounts.schema.MIGRATIONS", (*MIGRATIONS, "CREATE TABLE extra (a)"))
    for _ in range(2):
        connection = open_for_questions(path)
        assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS) + 1,)
        connection.close()


def test_accounts_of_the_first_schema_are_all_there_in_todays(path: Path) -> None:
    old = sqlite3.connect(path)
    old.executescript(MIGRATIONS[0])
    accounts = [
        (
            "0" * 15 + "1",
            "Ted@Example.org",
            "ted@example.org",
            "ted",
            "active",
            "$argon2id$1",
            None,
            None,
            7,
            1.5,
            2.5,
        ),
        ("0" * 15 + "2", "tim", "tim", "tim", "locked", "$argon2id$2", b"\x01sealed", None, 1, 3.0, 3.0),
        ("0" * 15 + "3", "ann", "ann", "ann", "active", "$argon2id$3", None, b"/srv/caf\xe9", 2, 4.0, 5.0),
    ]
    old.executemany("INSERT INTO account VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", accounts)
    old.execute("PRAGMA user_version = 1")
    old.commit()
    old.close()
    with Change(path) as change:
        assert change.rows("SELECT * FROM account ORDER BY id") == [(*account, None) for account in accounts]
        assert change.rows("PRAGMA user_version") == [(2,)]
    directory = SqlDirectory(path)
    try:
        ted, tim, ann = (directory.credentials(name) for name in ("ted@example.org", "tim", "ann"))
        assert ted is not None
        assert (ted.account.name, ted.account.generation, ted.password_hash) == (
            "Ted@Example.org",
            7,
            "$argon2id$1",
        )
        assert (ted.sealed_scram, ted.app_passwords) == (None, ())
        assert tim is not None
        assert (tim.account.status, tim.sealed_apop) == (AccountStatus.LOCKED, b"\x01sealed")
        assert ann is not None
        assert ann.account.maildir == Path("/srv/caf\udce9")
        assert directory.add_app_password(ted.account, "phone", bytes(32)).label == "phone"
    finally:
        directory.close()


def test_what_is_no_database_is_told_and_left_alone(path: Path) -> None:
    path.write_bytes(b"not a database, but somebody's letters\n" * 100)
    before = path.read_bytes()
    with (
        pytest.raises(AccountFault, match="no database at all: stop the server and put a backup"),
        faults_told(path),
    ):
        open_for_questions(path)
    assert path.read_bytes() == before


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    missing = tmp_path / "no" / "accounts.db"
    with (
        pytest.raises(AccountFault, match=r"No such file or directory.*see that its folder is there"),
        Change(missing),
    ):
        pass


def test_a_change_waits_for_no_other_for_ever(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("restante.accounts.schema.WRITER_BUSY_SECONDS", 0.01)
    with (
        Change(path),
        pytest.raises(AccountFault, match="another program keeps it locked: try again"),
        Change(path),
    ):
        pass


def test_an_exception_in_a_change_takes_it_back(path: Path) -> None:
    with contextlib.suppress(KeyError), Change(path) as change:
        change.run(
            "INSERT INTO account VALUES (?, 't', 't', 't', 'active', '', NULL, NULL, 1, 0, 0, NULL)", "0" * 16
        )
        raise KeyError
    with Change(path) as change:
        assert change.rows("SELECT count(*) FROM account") == [(0,)]


def test_a_full_disk_is_told_and_what_was_there_is_still_there(path: Path) -> None:
    row = "INSERT INTO account VALUES (?, ?, ?, 't', 'active', ?, NULL, NULL, 1, 0, 0, NULL)"
    with Change(path) as change:
        change.run(row, "0" * 16, "ted", "ted", "hash")
    with Change(path) as change:
        change.connection.execute("PRAGMA max_page_count = 1")
        with pytest.raises(AccountFault, match="the disk is full: free some room"):
            change.run(row, "1" * 16, "tim", "tim", "x" * 100_000)
    with Change(path) as change:
        assert change.rows("SELECT name FROM account") == [("ted",)]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (sqlite3.SQLITE_CORRUPT, "damaged"),
        (sqlite3.SQLITE_READONLY, "with leave to write"),
        (sqlite3.SQLITE_CANTOPEN | (1 << 8), "with leave to write"),
        (sqlite3.SQLITE_IOERR | (2 << 8), "the disk failed"),
        (sqlite3.SQLITE_SCHEMA, "put a backup in its place"),
    ],
)
def test_every_error_ends_with_what_to_do(path: Path, code: int, words: str) -> None:
    error = sqlite3.OperationalError("it failed")
    error.sqlite_errorcode = code
    fault = account_fault(path, error)
    assert str(fault).startswith(f"{path}: it failed; ")
    assert words in str(fault)
