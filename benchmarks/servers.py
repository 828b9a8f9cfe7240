"""The servers of the benchmark: started by themselves on free ports of loopback, on one core, and ended by pid."""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

__all__ = [
    "PASSWORD",
    "Dovecot",
    "InMemory",
    "Limit",
    "Restante",
    "Server",
    "free_port",
    "tree_cpu_seconds",
    "tree_pss_octets",
]

HERE: Final = Path(__file__).resolve().parent
START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 35.0
PASSWORD: Final = "secret"


class Server:
    """A server process with all that it forks."""

    name: str
    pop3: int
    pop3s: int
    lmtp: int

    def __init__(self, *, cores: Iterable[int]) -> None:
        self._cores = frozenset(cores)
        self._process: subprocess.Popen[str] | None = None

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError(f"{self.name} was not started: call start() first")
        return self._process.pid

    def start(self) -> None:
        raise NotImplementedError

    def launch(self, command: Sequence[str], log: Path, environ: dict[str, str] | None = None) -> None:
        with log.open("a") as errors:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env=environ,
                preexec_fn=partial(_on_cores, self._cores),  # noqa: PLW1509 - no threads here
            )

    def line(self) -> str:
        """Give the next line that the server prints; nothing when it has ended."""
        assert self._process is not None
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        children = _tree(process.pid)
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        # What outlives its parent is ended too, each by its own pid.
        deadline = time.monotonic() + 5
        while (left := [pid for pid in children if _alive(pid)]) and time.monotonic() < deadline:
            time.sleep(0.05)
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if process.stdout is not None:
            process.stdout.close()

    def restart(self) -> None:
        self.stop()
        self.start()


class Restante(Server):
    """Restante as it is installed: all settings at their default but for the addresses and where the mail lies."""

    name = "Restante"

    def __init__(
        self,
        folder: Path,
        accounts: Iterable[str],
        *,
        cores: Iterable[int],
        pair: tuple[Path, Path] | None = None,
        workers: int = 1,
        hash_memory_kib: int | None = None,
        python: Path | None = None,
    ) -> None:
        """Make the accounts. `hash_memory_kib`: None for the default; little where thousands log in once.

        `python`: the interpreter that has the build; None for this one.
        """
        super().__init__(cores=cores)
        self.folder = folder
        self.mail = folder / "mail"
        self._pair = pair
        self._workers = workers
        self._python = str(python or sys.executable)
        self._environ = {name: value for name, value in os.environ.items() if not name.startswith("RESTANTE_")}
        from restante import app
        from restante.config.settings import AuthSettings, Settings
        from restante.proto.terms import Secret

        self.mail.mkdir(parents=True, exist_ok=True)
        auth = AuthSettings()
        if hash_memory_kib is not None:
            auth = AuthSettings(hash_memory_kib=hash_memory_kib, hash_passes=1)
            self._environ |= {
                "RESTANTE_AUTH_HASH_MEMORY_KIB": str(hash_memory_kib),
                "RESTANTE_AUTH_HASH_PASSES": "1",
            }
        settings = Settings(data=folder / "data", auth=auth, maildir_pattern=f"{self.mail}/{{local}}")
        settings.data.mkdir(mode=0o700, exist_ok=True)
        # One hash for all: verified anew for each account all the same, since what is remembered goes by name.
        self.password_hash = app.open_hasher(settings).hash(Secret(PASSWORD.encode()))
        directory = app.open_directory(settings)
        try:
            known = {account.name for account in directory.list_accounts()}
            for name in accounts:
                if name not in known:
                    directory.add(name, self.password_hash)
        finally:
            directory.close()

    def program(self) -> list[str]:
        """Give the words that serve the data folder."""
        return [self._python, "-m", "restante", "serve", "--data", str(self.folder / "data")]

    def start(self) -> None:
        doors = ("pop3", "pop3s", "lmtp", "metrics")
        command = [*self.program(), "--workers", str(self._workers), "--maildir-pattern", f"{self.mail}/{{local}}"]
        command += [part for door in doors for part in (f"--{door}", "127.0.0.1:0")]
        if self._pair is not None:
            command += ["--tls-certificate", str(self._pair[0]), "--tls-key", str(self._pair[1])]
        log = self.folder / "restante.log"
        self.launch(command, log, self._environ)
        ports: dict[str, int] = {}
        while len(ports) < len(doors):
            line = self.line()
            if not line:
                raise RuntimeError(f"Restante did not start; the end of {log}: {_tail(log)}")
            if line.startswith("listening "):
                _, door, address = line.split()
                ports[door] = int(address.rpartition(":")[2])
        self.pop3, self.pop3s, self.lmtp = ports["pop3"], ports["pop3s"], ports["lmtp"]


class InMemory(Restante):
    """The same with the mail in memory: what the protocol costs alone. It has what lay there when it started."""

    name = "Restante in memory"

    def program(self) -> list[str]:
        return [self._python, str(HERE / "in_memory.py"), str(self.mail), str(self.folder / "data")]


class Dovecot(Server):
    """Dovecot with the settings of dovecot.conf beside this file."""

    name = "Dovecot"

    def __init__(
        self,
        folder: Path,
        passwords: dict[str, str],
        *,
        cores: Iterable[int],
        pair: tuple[Path, Path],
        mail: Path | None = None,
        fsync: str = "optimized",
        save_crlf: bool = False,
        processes: int = 200,
        kept: int = 16,
        sessions_in_a_process: int = 1,
    ) -> None:
        """Write its files. `passwords`: what passwd-file holds for each account, as `{SCHEME}value`."""
        super().__init__(cores=cores)
        self.folder = folder
        self.mail = mail or folder / "mail"
        self.owner = owner()
        self.pop3, self.pop3s, self.lmtp = free_port(), free_port(), free_port()
        self.mail.mkdir(parents=True, exist_ok=True)
        os.chown(self.mail, self.owner, self.owner)
        (folder / "passwd").write_text("".join(f"{name}:{value}\n" for name, value in passwords.items()))
        (folder / "dovecot.conf").write_text(
            (HERE / "dovecot.conf")
            .read_text()
            .format(
                base=folder,
                mail=self.mail,
                uid=self.owner,
                gid=self.owner,
                certificate=pair[0],
                key=pair[1],
                fsync=fsync,
                save_crlf="yes" if save_crlf else "no",
                processes=processes,
                clients=processes + 1000,
                auth_clients=3 * processes + 4000,
                sessions_in_a_process=sessions_in_a_process,
                kept=kept,
                pop3=self.pop3,
                pop3s=self.pop3s,
                lmtp=self.lmtp,
            )
        )

    def start(self) -> None:
        program = shutil.which("dovecot") or "/usr/sbin/dovecot"
        log = self.folder / "dovecot.err"
        self.launch([program, "-F", "-c", str(self.folder / "dovecot.conf")], log)
        for port in (self.pop3, self.pop3s, self.lmtp):
            self._wait_for(port, log)

    def _wait_for(self, port: int, log: Path) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            assert self._process is not None
            if self._process.poll() is not None:
                break
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=1):
                    return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError(f"Dovecot did not start: {_tail(log)} {_tail(self.folder / 'dovecot.log')}")


class Limit(Server):
    """The C program that opens, sends and closes."""

    name = "limit"

    def __init__(self, program: Path, messages: Path, *, cores: Iterable[int]) -> None:
        super().__init__(cores=cores)
        self._program = program
        self._messages = messages

    def start(self) -> None:
        log = self._program.with_suffix(".log")
        self.launch([str(self._program), str(self._messages)], log)
        try:
            self.pop3 = int(self.line())
        except ValueError:
            raise RuntimeError(f"the limit server did not start: {_tail(log)}") from None


def owner() -> int:
    """Give the uid and gid, one number for both, under which Dovecot keeps mail: it refuses to do so as root."""
    account, group = pwd.getpwnam("nobody"), grp.getgrgid(pwd.getpwnam("nobody").pw_gid)
    return account.pw_uid if account.pw_uid == group.gr_gid else 65534


def free_port() -> int:
    """Give a port of loopback that was free just now, below those that the kernel gives to clients."""
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    for _ in range(1000):
        port = random.randrange(min(10_000, first // 2), first)
        with socket.socket() as taken, contextlib.suppress(OSError):
            taken.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no port of loopback is free below those that the kernel gives to clients")


def tree_pss_octets(pid: int) -> int:
    """Give the proportional memory of a process and all below it, in octets."""
    octets = 0
    for each in [pid, *_tree(pid)]:
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{each}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    octets += int(line.split()[1]) * 1024
    return octets


def tree_cpu_seconds(pid: int) -> float:
    """Give the CPU seconds of a process and all below it, those that have ended included."""
    ticks = 0
    for each in [pid, *_tree(pid)]:
        with contextlib.suppress(OSError):
            ticks += sum(map(int, _stat(each)[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def _tree(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                children.setdefault(int(_stat(int(entry.name))[1]), []).append(int(entry.name))
    found: list[int] = []
    ahead = [pid]
    while ahead:
        below = children.get(ahead.pop(), [])
        found += below
        ahead += below
    return found


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _alive(pid: int) -> bool:
    try:
        return _stat(pid)[0] != "Z"
    except OSError:
        return False


def _on_cores(cores: frozenset[int]) -> None:
    if cores:
        os.sched_setaffinity(0, cores)


def _tail(path: Path) -> str:
    return path.read_text()[-600:].strip() if path.exists() else "nothing"
