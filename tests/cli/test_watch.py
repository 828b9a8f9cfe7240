"""`restante watch` where there is nothing to watch. How it watches is tested at servers that run."""

from __future__ import annotations

from pathlib import Path

import pytest

from restante.cli import main


def test_without_a_server_it_says_how_to_start_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["watch", "--data", str(tmp_path)]) == 1
    assert "no server serves" in capsys.readouterr().err


def test_a_socket_that_a_dead_process_left_is_no_server(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "control").mkdir()
    (tmp_path / "control" / "4000001.sock").touch()
    assert main(["watch", "--data", str(tmp_path)]) == 1
    assert "no server serves" in capsys.readouterr().err


@pytest.mark.parametrize("peer", ["here", "192.0.2.7/24", ""])
def test_a_peer_that_is_none_is_a_wrong_command_line(
    peer: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["watch", "--data", str(tmp_path), "--peer", peer]) == 2
    assert "is no address and no network" in capsys.readouterr().err


def test_a_door_that_is_none_is_a_wrong_command_line(tmp_path: Path) -> None:
    assert main(["watch", "--data", str(tmp_path), "--door", "back"]) == 2
