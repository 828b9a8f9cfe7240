"""The client against servers that nobody here wrote: Dovecot, popa3d, and the dummy of CPython's test_poplib."""

from __future__ import annotations

import hashlib
import importlib
import os
import pwd
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
import trustme
from tests.e2e.bed import until

from restante.client import CommandRefused, Login, LoginRefused, Security, Server, TlsFault, blocking, connect

START_SECONDS: Final = 30
ROOT: Final = os.geteuid() == 0

MESSAGES: Final = [
    b"Subject: one\r\n\r\n.starts with a dot\r\n..and with two\r\n.\r\n",
    b"Subject: =?utf-8?q?two_=E2=98=95?=\r\nMessage-ID: <2@example.org>\r\n\r\nno line end",
    b"Subject: three\r\nMessage-ID: <3@example.org>\r\n\r\n" + b"A line of some length.\r\n" * 40_000,
    b"Subject: four\r\nMessage-ID: <4@example.org>\r\n\r\n",
]


# --- Dovecot ------------------------------------------------------------------------------------------------------

DOVECOT: Final = """\
base_dir = {home}/run
state_dir = {home}/state
instance_name = client-{pop3}
log_path = {home}/log
protocols = pop3
listen = 127.0.0.1
ssl = yes
ssl_cert = <{home}/chain.pem
ssl_key = <{home}/key.pem
disable_plaintext_auth = yes
auth_mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {login}
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:{home}/Maildir
pop3_uidl_format = %g
passdb {{
  driver = static
  args = password=SECRET
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={home}
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
"""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


class Dovecot:
    """A Dovecot of its own with one maildrop, over TLS and STLS."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.pop3, self.pop3s = free_port(), free_port()
        self.authorities = home / "authority.pem"

    def at(self, security: Security) -> Server:
        port = self.pop3s if security is Security.TLS else self.pop3
        return Server(host="127.0.0.1", port=port, security=security, authorities=self.authorities)


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    # Not under pytest's own folder: Dovecot's user may not go there.
    with tempfile.TemporaryDirectory(prefix="restante-dovecot-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        authority = trustme.CA()
        certificate = authority.issue_cert("127.0.0.1")
        authority.cert_pem.write_to_path(home / "authority.pem")
        certificate.private_key_pem.write_to_path(home / "key.pem")
        (home / "chain.pem").write_bytes(b"".join(pem.bytes() for pem in certificate.cert_chain_pems))
        for name in ("cur", "new", "tmp"):
            (home / "Maildir" / name).mkdir(parents=True)
        for number, message in enumerate(MESSAGES, 1):
            (home / "Maildir" / "new" / f"170000000{number}.M1P1.host").write_bytes(message.replace(b"\r\n", b"\n"))
        owner = pwd.getpwnam("mail") if ROOT else pwd.getpwuid(os.getuid())
        made = Dovecot(home)
        settings = home / "dovecot.conf"
        settings.write_text(
            DOVECOT.format(
                home=home,
                pop3=made.pop3,
                pop3s=made.pop3s,
                uid=owner.pw_uid,
                gid=owner.pw_gid,
                internal="dovecot" if ROOT else owner.pw_name,
                internal_group="dovecot" if ROOT else str(owner.pw_gid),
                login="dovenull" if ROOT else owner.pw_name,
            )
        )
        if ROOT:
            for path in (home, home / "Maildir", *(home / "Maildir").rglob("*")):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        program = shutil.which("dovecot") or "/usr/sbin/dovecot"
        server = subprocess.Popen([program, "-F", "-c", str(settings)], stdin=subprocess.DEVNULL)
        try:
            until("Dovecot's greeting", lambda: greets(made.pop3), START_SECONDS)
            yield made
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(START_SECONDS)


def greets(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=START_SECONDS) as connection:
            return connection.recv(3) == b"+OK"
    except OSError:
        return False


def whole(message: bytes) -> bytes:
    """What a server sends of a message: its last line is ended."""
    return message if message.endswith(b"\r\n") else message + b"\r\n"


@pytest.mark.peer("dovecot")
async def test_dovecot_by_both_ways_of_tls(dovecot: Dovecot) -> None:
    login = Login.by_password("ted", "SECRET")
    async with await connect(dovecot.at(Security.TLS), login=login) as maildrop:
        assert "PIPELINING" in await maildrop.capabilities()
        messages = [message async for message in maildrop.messages()]
        assert [await message.read() for message in messages] == [whole(message) for message in MESSAGES]
        # It does not count the line end that it adds to the last line.
        assert [message.octets for message in messages] == [len(message) for message in MESSAGES]
        assert [retrieved.octets async for retrieved in maildrop.read_many(messages)] == [
            whole(message) for message in MESSAGES
        ]
        assert b"".join([chunk async for chunk in messages[2].stream()]) == MESSAGES[2]
        assert (await messages[1].headers())["Subject"] == "two ☕"
        heads = [retrieved.octets async for retrieved in maildrop.peek_many(messages)]
        assert heads == [message[: message.index(b"\r\n\r\n") + 4] for message in MESSAGES]
        await messages[0].mark_deleted()
        assert await maildrop.mark_many(messages[2:]) == ()
    with blocking.connect(dovecot.at(Security.STLS), login=login) as again:
        (left,) = again.messages()
        assert left.unique_id == messages[1].unique_id
        assert again.stat().messages == 1


@pytest.mark.peer("dovecot")
@pytest.mark.parametrize("mechanism", [None, "SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN", "USER"])
def test_dovecot_takes_each_mechanism(dovecot: Dovecot, mechanism: str | None) -> None:
    login = Login.by_password("ted", "SECRET", mechanism=mechanism)
    with blocking.connect(dovecot.at(Security.STLS), login=login) as maildrop:
        assert maildrop.stat().messages > 0


@pytest.mark.peer("dovecot")
def test_dovecot_refuses_a_wrong_password(dovecot: Dovecot) -> None:
    with pytest.raises(LoginRefused) as raised:
        blocking.connect(dovecot.at(Security.STLS), login=Login.by_password("ted", "wrong"))
    assert raised.value.code == b"AUTH"


@pytest.mark.peer("dovecot")
def test_dovecot_s_certificate_is_checked(dovecot: Dovecot) -> None:
    server = Server(host="localhost", port=dovecot.pop3s, authorities=dovecot.authorities)
    with pytest.raises(TlsFault, match=r"is for 127\.0\.0\.1, not for localhost"):
        blocking.connect(server, login=Login.by_password("ted", "SECRET"))


# --- popa3d -------------------------------------------------------------------------------------------------------

POPA3D: Final = """\
set -e
mount --make-rprivate /
mount -t tmpfs none /var/lib
mkdir /var/lib/popa3d
mount --bind "$1/mail" /var/mail
for file in passwd shadow group; do mount --bind "$1/etc/$file" "/etc/$file"; done
mount --bind "$1/pam.d" /etc/pam.d
exec "$2"
"""
"""popa3d knows accounts and folders of the system; here they are others than the machine's, for it alone."""


@contextmanager
def popa3d(folder: Path) -> Iterator[int]:
    """Serve as inetd would: popa3d for each connection, in a mount namespace of its own. Gives the port."""
    program = shutil.which("popa3d", path=os.environ["PATH"] + ":/usr/local/sbin:/usr/sbin")
    assert program is not None
    for name in ("mail", "etc", "pam.d"):
        (folder / name).mkdir()
    hashed = subprocess.run(
        ["openssl", "passwd", "-6", "-stdin"], input=b"SECRET", capture_output=True, check=True
    ).stdout.decode()
    accounts = [("popa3d", 990, "!"), ("ted", 4242, hashed.strip())]
    etc = folder / "etc"
    (etc / "passwd").write_text(
        "root:x:0:0::/root:/bin/sh\n"
        + "".join(f"{name}:x:{uid}:{uid}::/nonexistent:/bin/sh\n" for name, uid, _ in accounts)
    )
    (etc / "group").write_text(
        "root:x:0:\nmail:x:8:\n" + "".join(f"{name}:x:{uid}:\n" for name, uid, _ in accounts)
    )
    (etc / "shadow").write_text("".join(f"{name}:{secret}:19000:0:99999:7:::\n" for name, _, secret in accounts))
    (folder / "pam.d" / "popa3d").write_text("auth required pam_unix.so\naccount required pam_unix.so\n")
    mailbox = folder / "mail" / "ted"
    mailbox.write_bytes(
        b"".join(
            b"From a@example.org Mon Jan  1 00:00:00 2024\n" + whole(m).replace(b"\r\n", b"\n") + b"\n"
            for m in MESSAGES
        )
    )
    (folder / "mail").chmod(0o1777)
    os.chown(mailbox, 4242, 8)
    mailbox.chmod(0o660)
    (folder / "start.sh").write_text(POPA3D)

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                command = ["unshare", "-m", "sh", str(folder / "start.sh"), str(folder), program]
                subprocess.run(command, stdin=connection.fileno(), stdout=connection.fileno(), check=False)

    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(START_SECONDS)


def may_unshare() -> bool:
    return ROOT and subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode == 0


@pytest.mark.peer("popa3d")
@pytest.mark.skipif(
    not may_unshare(), reason="popa3d needs system accounts: root, and a mount namespace of its own"
)
def test_popa3d_which_knows_no_capa_and_names_several_messages_alike(tmp_path: Path) -> None:
    with popa3d(tmp_path) as port:
        server = Server(host="127.0.0.1", port=port, security=Security.PLAIN)
        login = Login.by_password("ted", "SECRET")
        with blocking.connect(server, login=login) as maildrop:
            assert not maildrop.capabilities().told
            messages = list(maildrop.messages())
            # Its unique-ids are a hash of a few headers: the first message has none of them.
            assert len({message.unique_id for message in messages}) == len(MESSAGES)
            assert [message.read() for message in messages] == [whole(message) for message in MESSAGES]
            assert [retrieved.octets for retrieved in maildrop.read_many(messages)] == [
                whole(message) for message in MESSAGES
            ]
            assert messages[1].headers()["Subject"] == "two ☕"
            assert maildrop.mark_many([messages[0], messages[2]]) == ()
        with blocking.connect(server, login=login) as maildrop:
            assert [message.unique_id for message in maildrop.messages()] == [
                messages[1].unique_id,
                messages[3].unique_id,
            ]
        with pytest.raises(LoginRefused):
            blocking.connect(server, login=Login.by_password("ted", "wrong"))


# --- the dummy of CPython's test_poplib ---------------------------------------------------------------------------


@pytest.fixture
def dummy() -> Iterator[Any]:  # Any: it is not typed
    module = pytest.importorskip("test.test_poplib", reason="this Python came without its own tests")
    server = module.DummyPOP3Server(("127.0.0.1", 0))
    server.handler = module.DummyPOP3Handler
    server.start()
    yield server
    server.stop()


def fingerprint_of_the_dummy() -> str:
    module = importlib.import_module("test.test_poplib")
    pem = Path(module.CERTFILE).read_text()
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem[pem.index("-----BEGIN CERTIFICATE") :].strip())).hexdigest()


@pytest.mark.parametrize("security", [Security.PLAIN, Security.STLS], ids=["plain", "stls"])
async def test_the_dummy_of_cpython(dummy: Any, security: Security) -> None:  # Any: it is not typed
    pinned = fingerprint_of_the_dummy() if security is Security.STLS else None
    where = Server(host=dummy.host, port=dummy.port, security=security, fingerprint=pinned)
    login = Login.by_password("guido", "python")
    async with await connect(where, login=login) as maildrop:
        assert (await maildrop.stat()).octets == 100
        messages = [message async for message in maildrop.messages()]
        assert [(message.unique_id, message.octets) for message in messages] == [
            (b"%d" % n, n) for n in range(1, 6)
        ]
        assert (await messages[0].headers())["Subject"] == "Dummy"
        assert (await messages[4].email()).get_content() == "line1\r\nline2\r\nline3\r\n"
        assert await messages[0].peek(1) == (await messages[0].read()).removesuffix(b"line2\r\nline3\r\n")
        await messages[0].mark_deleted()
        await maildrop.noop()
        with pytest.raises(CommandRefused):
            await maildrop.reset()  # it knows no RSET


def test_the_dummy_refuses_a_wrong_password(dummy: Any) -> None:  # Any: it is not typed
    where = Server(host=dummy.host, port=dummy.port, security=Security.PLAIN)
    with pytest.raises(LoginRefused, match="wrong password"):
        blocking.connect(where, login=Login.by_password("guido", "perl"))
