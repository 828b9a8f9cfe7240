"""What lies in deploy/ is what systemd and a container builder can use, and as narrow as it says.

That the server can live in that sandbox is shown in `tests/e2e/test_unit_sandbox.py`.
"""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from restante.config import load_settings
from restante.ports.events import Door
from restante.server.sockets import BACKLOG

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
SERVICE = DEPLOY / "restante.service"
SOCKETS = sorted(DEPLOY.glob("*.socket"))
RESTANTE = Path(sys.executable).parent / "restante"

sockets = pytest.mark.parametrize("unit", SOCKETS, ids=lambda path: path.name)


def read_unit(path: Path) -> configparser.ConfigParser:
    unit = configparser.ConfigParser(strict=False, interpolation=None, comment_prefixes=("#",))
    unit.optionxform = str  # type: ignore[assignment, method-assign]  # keys as they stand
    unit.read(path)
    return unit


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.peer("systemd-analyze")
def test_the_service_is_rated_2_0_or_better() -> None:
    done = analyze("security", "--offline=true", "--threshold=20", "--no-pager", SERVICE)
    rating = re.search(r"Overall exposure level for restante.service: ([\d.]+)", done.stdout)
    assert rating, done.stdout + done.stderr
    assert float(rating[1]) <= 2.0
    assert done.returncode == 0


@pytest.mark.peer("systemd-analyze")
def test_systemd_finds_no_fault_with_the_units(tmp_path: Path) -> None:
    for unit in (SERVICE, *SOCKETS):
        # The program has to be there, which here it is elsewhere.
        (tmp_path / unit.name).write_text(unit.read_text().replace("/usr/local/bin/restante", str(RESTANTE)))
    done = analyze("verify", "--recursive-errors=no", *sorted(tmp_path.iterdir()))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.peer("systemd-analyze")
def test_a_fault_in_a_unit_would_be_noticed(tmp_path: Path) -> None:
    unit = tmp_path / "restante.service"
    unit.write_text(SERVICE.read_text().replace("Type=notify", "Type=notifi"))
    assert "notifi" in analyze("verify", "--recursive-errors=no", unit).stderr


@pytest.mark.peer("systemd-analyze")
def test_the_user_of_the_service_is_the_one_that_sysusers_makes(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    done = subprocess.run(
        ["systemd-sysusers", f"--root={tmp_path}", DEPLOY / "restante.sysusers"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    users = [line.split(":")[0] for line in (tmp_path / "etc" / "passwd").read_text().splitlines()]
    assert users == [read_unit(SERVICE)["Service"]["User"]]


@sockets
def test_each_socket_is_named_for_a_door_and_for_its_file(unit: Path) -> None:
    section = read_unit(unit)["Socket"]
    name = section["FileDescriptorName"]
    assert unit.name == f"restante-{name}.socket"
    assert name.removesuffix("s") in {door.value for door in Door} or name in {door.value for door in Door}
    assert section["Service"] == SERVICE.name


@sockets
def test_the_sockets_of_clients_have_the_servers_own_backlog(unit: Path) -> None:
    if "pop3" in unit.name:
        assert int(read_unit(unit)["Socket"]["Backlog"]) == BACKLOG


def test_what_trusts_whoever_connects_is_not_open_to_the_network() -> None:
    lmtp = read_unit(DEPLOY / "restante-lmtp.socket")["Socket"]
    assert lmtp["ListenStream"].startswith("/")
    assert lmtp["SocketMode"] == "0660"
    assert read_unit(DEPLOY / "restante-metrics.socket")["Socket"]["ListenStream"].startswith("127.0.0.1:")


def test_the_service_waits_longer_than_sessions_in_update_may_take() -> None:
    service = read_unit(SERVICE)["Service"]
    assert int(service["TimeoutStopSec"]) > load_settings(None, {"HOME": "/"}, {}).limits.stop_seconds


def test_the_settings_of_the_example_can_be_loaded() -> None:
    settings = load_settings(DEPLOY / "restante.toml", {"HOME": "/"}, {})
    assert settings.data == Path("/var/lib") / read_unit(SERVICE)["Service"]["StateDirectory"]


# --- the container -----------------------------------------------------------------------------------------------


def instructions() -> list[tuple[str, str]]:
    text = re.sub(r"^#.*\n", "", (DEPLOY / "Containerfile").read_text(), flags=re.M).replace("\\\n", " ")
    return [(line.split()[0], line.partition(" ")[2].strip()) for line in text.splitlines() if line.strip()]


def test_what_the_container_copies_is_there() -> None:
    copied = [words.split() for name, words in instructions() if name == "COPY"]
    sources = [source for words in copied if not words[0].startswith("--from") for source in words[:-1]]
    assert sources
    assert [source for source in sources if not (ROOT / source).exists()] == []


def test_the_container_installs_by_hash_and_serves_as_nobodys_root() -> None:
    steps = instructions()
    installs = [
        part for name, words in steps if name == "RUN" for part in words.split("&&") if "pip install" in part
    ]
    assert all("--require-hashes" in part or "--no-deps" in part for part in installs)
    assert steps[-1][0] == "ENTRYPOINT"
    (user,) = [words for name, words in steps if name == "USER"]
    assert user.split(":")[0] not in {"0", "root"}


def test_the_settings_of_the_container_are_settings(tmp_path: Path) -> None:
    (words,) = [words for name, words in instructions() if name == "ENV"]
    environment = dict(word.split("=", 1) for word in shlex.split(words))
    settings = load_settings(None, environment, {}, default_config=None)
    (volume,) = [words for name, words in instructions() if name == "VOLUME"]
    assert settings.data == Path(volume)
    listening = {str(address).rpartition(":")[2] for address in (*settings.pop3, *settings.pop3s)}
    (exposed,) = [set(words.split()) for name, words in instructions() if name == "EXPOSE"]
    assert exposed == listening


def test_what_the_container_builds_from_makes_a_package_that_runs(tmp_path: Path) -> None:
    for name, words in instructions():
        if name == "COPY" and not words.startswith("--from"):
            *sources, _ = words.split()
            for source in sources:
                target = tmp_path / "src" / source
                target.parent.mkdir(parents=True, exist_ok=True)
                copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy2
                copy(ROOT / source, target)
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--no-index"]
    built = subprocess.run(
        [*command, "--disable-pip-version-check", "--target", tmp_path / "installed", tmp_path / "src"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    run = subprocess.run(
        [
            sys.executable,
            "-c",
            "import restante.cli, sys; print(restante.__file__); restante.cli.main(['--version'])",
        ],
        env={"PYTHONPATH": str(tmp_path / "installed")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stdout.startswith(str(tmp_path)), run.stdout + run.stderr
    assert "restante 0" in run.stdout
