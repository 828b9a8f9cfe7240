"""All that the rows share: the programs, the mail, the servers, and one run of the load."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Final, Self, TypeAlias

from benchmarks import mail
from benchmarks.servers import HERE, PASSWORD, Dovecot, InMemory, Limit, Restante, Server

__all__ = ["ACCOUNTS", "COMPILED_PYTHON", "MARKED", "Bed", "CannotRun", "Measured", "Option"]

ACCOUNTS: Final = 20
MARKED: Final = 40
"""Accounts of the row of DELE, and sessions of one run: each empties its maildrop."""
LONG_OCTETS: Final = 1024 * 1024
LONG_MESSAGES: Final = 4
MOST_SECONDS: Final = 60
"""After so long a run is given up: somebody waits for an answer that does not come."""
BUSY: Final = 0.9
"""Above this share of its core the load generator is what was measured."""

BORINGSSL: Final = Path(f"/usr/lib/{platform.machine()}-linux-gnu/android")
"""Where Debian's android-libboringssl-dev puts the library."""
COMPILED_PYTHON: Final = HERE.parent / ".venv-compiled" / "bin" / "python"
"""Where `make compiled` puts the compiled build."""

Option: TypeAlias = str | int | float


class CannotRun(Exception):
    """A row cannot be measured here; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One run."""

    value: float
    """In the row's unit."""
    busy: float = 0.0
    """The share of its core that the load generator used."""


class Bed:
    """Servers on one core, the load on another, one folder for all. `folder` should lie on a real disk."""

    def __init__(
        self,
        folder: Path,
        *,
        seconds: float,
        idle: int,
        many: int,
        in_memory: bool = False,
    ) -> None:
        """Touch nothing yet. `seconds`: of one run; `idle`: sessions; `many`: messages of the big maildrop.

        `in_memory`: Restante's mail is not in files.
        """
        cores = sorted(os.sched_getaffinity(0))
        self.server_cores, self.load_cores = cores[:1], cores[1:2] or cores[:1]
        self.folder = folder
        self.seconds = seconds
        self.idle = idle
        self.many = many
        self.in_memory = in_memory
        self.tls = ""
        """With which library the load speaks TLS; none is no TLS."""
        self.without: dict[str, str] = {}
        """What is not here, by name, with what to do about it."""
        self._compiled: Restante | None = None
        self._with_workers: dict[int, Restante] = {}
        self._open = contextlib.ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    # --- making it -----------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Compile, and make what all servers share. Raises CannotRun."""
        self.folder.chmod(0o755)
        self.compile()
        self.pair = self._certificate()

    def make(self) -> None:
        """Prepare, make the mail, start the servers. Raises CannotRun."""
        self.prepare()
        names = [f"user{n}" for n in range(ACCOUNTS)]
        kinds = [*names, *(f"{kind}{n}" for kind in ("post", "long", "in") for n in range(ACCOUNTS)), "big0"]
        kinds += [f"mark{n}" for n in range(MARKED)]
        (self.folder / "letter").write_bytes(mail.letter(1))
        self.restante = self._restante("restante", kinds, None)
        if COMPILED_PYTHON.exists():
            self._compiled = self._restante("restante-compiled", kinds, COMPILED_PYTHON)
        self._make_dovecot(kinds, names)
        limit_mail = self.folder / "limit-mail"
        mail.make_maildrop(limit_mail, mail.Form.CRLF, 200)
        self.limit = Limit(self.folder / "limit", limit_mail / "new", cores=self.server_cores)
        self.start(self.limit)

    def _make_dovecot(self, kinds: list[str], names: list[str]) -> None:
        if why := self.without.get("dovecot"):
            self.dovecot = self.dovecot_apart = self.dovecot_always = self._absent(why)
            return
        passwords = dict.fromkeys(kinds, "{PLAIN}" + PASSWORD)
        passwords |= {name.replace("user", "argon"): "{ARGON2ID}" + self.restante.password_hash for name in names}

        def make(name: str, *, fsync: str = "optimized", shared: int = 16, kept: int = 1) -> Dovecot:
            folder = self.folder / name
            folder.mkdir()
            return Dovecot(
                folder,
                passwords,
                cores=self.server_cores,
                pair=self.pair,
                mail=self.folder / "dovecot-mail",
                fsync=fsync,
                sessions_in_a_process=shared,
                kept=kept,
            )

        dovecot = make("dovecot")
        self._fill(dovecot.mail, mail.Form.CRLF, dovecot.owner)
        for name in names:
            (dovecot.mail / name.replace("user", "argon")).symlink_to(dovecot.mail / name)
        apart, always = make("dovecot-apart", shared=1, kept=16), make("dovecot-always", fsync="always")
        for each in (dovecot, apart, always):
            self.start(each)
        self.dovecot, self.dovecot_apart, self.dovecot_always = (
            self._present(each) for each in (dovecot, apart, always)
        )

    @staticmethod
    def _absent(why: str) -> Callable[[], Dovecot]:
        def give() -> Dovecot:
            raise CannotRun(why)

        return give

    @staticmethod
    def _present(server: Dovecot) -> Callable[[], Dovecot]:
        return lambda: server

    def _restante(self, name: str, accounts: list[str], python: Path | None) -> Restante:
        kind = InMemory if self.in_memory else Restante
        server = kind(self.folder / name, accounts, cores=self.server_cores, pair=self.pair, python=python)
        self._fill(server.mail, mail.Form.CRLF, -1)
        self.start(server)
        return server

    def compiled(self) -> Restante:
        """Give the compiled build. Raises CannotRun."""
        if self._compiled is None:
            raise CannotRun("there is no compiled build: make compiled")
        return self._compiled

    def with_workers(self, count: int) -> Restante:
        """Give the pure build with so many workers, all of them warm; it runs on to the end."""
        server = self._with_workers.get(count)
        if server is None:
            server = Restante(self.folder / "restante", [], cores=self.server_cores, pair=self.pair, workers=count)
            self._with_workers[count] = server
            self.start(server)
            # Each worker has to prove each password once: as often as it takes chance to deal them out.
            self.load(server.pop3, sessions=ACCOUNTS * 6)
            self.load(server.pop3, mode="retr", sessions=ACCOUNTS)
        return server

    def _fill(self, folder: Path, form: mail.Form, owner: int) -> None:
        for n in range(ACCOUNTS):
            mail.make_maildrop(folder / f"user{n}", form, 200, owner=owner)
            mail.make_maildrop(folder / f"post{n}", mail.Form.POSTFIX, 200, owner=owner)
            mail.make_maildrop(folder / f"long{n}", form, LONG_MESSAGES, octets=LONG_OCTETS, owner=owner)
            mail.make_maildrop(folder / f"in{n}", form, 0, owner=owner)
        for n in range(MARKED):
            mail.make_maildrop(folder / f"mark{n}", form, 0, owner=owner)
        mail.make_maildrop(folder.parent / f"{folder.name}-to-mark", form, 100, owner=owner)
        mail.many(folder / "big0", form, self.many, owner=owner)

    def compile(self) -> None:
        """Compile the C programs, the load with BoringSSL or else OpenSSL or else without TLS. Raises CannotRun.

        OpenSSL 3.0 takes twice as long as BoringSSL for a client's half of a handshake: longer than for a server's.
        """
        compiler = shutil.which("cc") or shutil.which("gcc")
        if compiler is None:
            raise CannotRun("there is no C compiler: apt-get install gcc libc6-dev")
        warnings = ["-O2", "-Wall", "-Wextra"]
        compiling = partial(subprocess.run, capture_output=True, text=True, check=False)
        self.load_program = self.folder / "load"
        plain = [compiler, *warnings, "-o", str(self.load_program), str(HERE / "load.c")]
        boringssl = ["-I/usr/include/android", f"-L{BORINGSSL}", f"-Wl,-rpath,{BORINGSSL}"]
        libraries = {"BoringSSL": boringssl, "OpenSSL": []} if BORINGSSL.is_dir() else {"OpenSSL": list[str]()}
        for library, where in libraries.items():
            if compiling([*plain, "-DWITH_TLS", *where, "-lssl", "-lcrypto"]).returncode == 0:
                self.tls = library
                break
        else:
            self.without["tls"] = "OpenSSL's headers are missing: apt-get install libssl-dev"
            if (result := compiling(plain)).returncode:
                raise CannotRun(f"the load generator does not compile: {result.stderr[-300:]}")
        limit = [compiler, *warnings, "-o", str(self.folder / "limit"), str(HERE / "limit.c")]
        if (result := compiling(limit)).returncode:
            raise CannotRun(f"the limit server does not compile: {result.stderr[-300:]}")

    def _certificate(self) -> tuple[Path, Path]:
        """Make one certificate for both servers: ECDSA on P-256, the quickest that clients take everywhere."""
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec

        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
        now = datetime.now(UTC)
        names: list[x509.GeneralName] = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
        builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=30))
        certificate = builder.add_extension(x509.SubjectAlternativeName(names), critical=False).sign(
            key, hashes.SHA256()
        )
        pair = self.folder / "certificate.pem", self.folder / "key.pem"
        pair[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        pair[1].write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        pair[1].chmod(0o600)
        return pair

    # --- using it ------------------------------------------------------------------------------------------------

    def start(self, server: Server) -> None:
        """Start a server that is stopped at the end at the latest."""
        self._open.callback(server.stop)
        server.start()

    def command(self, port: int, **options: Option) -> list[str]:
        """Give the command of a run of the load generator."""
        given = {
            "port": port,
            "most_seconds": MOST_SECONDS,
            "password": PASSWORD,
            "accounts": ACCOUNTS,
            "seconds": self.seconds,
            **options,
        }
        words = [word for name, value in given.items() for word in (f"--{name.replace('_', '-')}", str(value))]
        return [str(self.load_program), *words]

    def load(self, port: int, **options: Option) -> dict[str, float]:
        """Run the load once. Raises CannotRun when an answer was wrong."""
        if options.get("tls") and not self.tls:
            raise CannotRun(self.without["tls"])
        ran = subprocess.run(
            self.command(port, **options),
            capture_output=True,
            text=True,
            check=False,
            timeout=2 * MOST_SECONDS,
            stdin=subprocess.DEVNULL,
            preexec_fn=partial(os.sched_setaffinity, 0, self.load_cores),
        )
        if ran.returncode:
            raise CannotRun(ran.stderr.strip() or f"the load generator ended with {ran.returncode}")
        return self.read_result(ran.stdout)

    @staticmethod
    def read_result(line: str) -> dict[str, float]:
        """Read what the load generator printed. Raises CannotRun when an answer was wrong."""
        result = json.loads(line)
        if result["errors"]:
            raise CannotRun(f"{result['errors']} wrong answers, the first one at {result['first_error']}")
        return {name: value for name, value in result.items() if isinstance(value, int | float)}

    def rate(self, port: int, **options: Option) -> Measured:
        """Give sessions, messages or deliveries a second."""
        result = self.load(port, **options)
        return Measured(
            value=result["count"] / result["seconds"], busy=result["cpu_seconds"] / result["all_seconds"]
        )
