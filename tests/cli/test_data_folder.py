import os
import stat
from pathlib import Path

import pytest

from restante.cli.data_folder import existing_data_folder, make_data_folder
from restante.cli.outcome import CommandFailed


def test_the_data_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "srv" / "restante"
    make_data_folder(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    make_data_folder(folder)
    existing_data_folder(folder)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(
        CommandFailed, match=r"the data folder cannot be made .*: make it as root .*, or name another with --data"
    ):
        make_data_folder(tmp_path / "file" / "data")
    with pytest.raises(CommandFailed, match="the data folder cannot be made"):
        make_data_folder(tmp_path / "file")


def test_a_folder_that_is_not_there_is_not_made_by_looking(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="there is no data folder yet: 'restante account add' makes one"):
        existing_data_folder(tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_a_folder_of_another_user_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(CommandFailed, match=r"belongs to .*: run the command as that user"):
        existing_data_folder(tmp_path)
    with pytest.raises(CommandFailed, match=r"belongs to .*: run the command as that user"):
        make_data_folder(tmp_path)


def test_root_leaves_nothing_that_the_owner_could_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = tmp_path.stat()
    owned = os.stat_result((found.st_mode, *found[1:4], 4_000_000, *found[5:]))
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("os.access", lambda *_: True)
    monkeypatch.setattr(Path, "stat", lambda *_, **__: owned)
    with pytest.raises(CommandFailed, match="belongs to #4000000: run the command as that user"):
        existing_data_folder(tmp_path)
