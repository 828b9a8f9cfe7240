"""`twisted_program.py PORT FOLDER NAME PASSWORD`: Twisted's POP3 protocol over a mailbox in memory.

The mailbox does what the interface in twisted.mail asks of one. Twisted's own Maildir would do, and so would
`twistd mail`, but neither works under Python 3: both hand str to what wants octets.
"""

# What implements an interface of zope's, and what of a reactor there is, is known to a plugin of mypy's alone.
# mypy: disable-error-code="arg-type, assignment, list-item, misc, type-var"

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import IO, overload

from twisted.cred.checkers import InMemoryUsernamePasswordDatabaseDontUse
from twisted.cred.portal import Portal
from twisted.internet import reactor
from twisted.internet.protocol import Factory
from twisted.mail.pop3 import POP3, IMailbox, Mailbox


class Memory(Mailbox):
    """Messages by unique-id, the same for all sessions; each session has its own numbers and marks."""

    def __init__(self, messages: dict[bytes, bytes]) -> None:
        self._all = messages
        self._ids = list(messages)
        self._marked: set[bytes] = set()

    @overload
    def listMessages(self) -> list[int]: ...

    @overload
    def listMessages(self, i: int) -> int: ...

    def listMessages(self, i: int | None = None) -> int | list[int]:
        octets = [0 if one in self._marked else len(self._all[one].replace(b"\n", b"\r\n")) for one in self._ids]
        return octets if i is None else octets[i]

    def getMessage(self, i: int) -> IO[bytes]:  # type: ignore[override]  # it says str, and writes what it gets
        return io.BytesIO(self._all[self._ids[i]])

    def getUidl(self, i: int) -> bytes:
        return self._ids[i]

    def deleteMessage(self, i: int) -> None:
        self._marked.add(self._ids[i])

    def undeleteMessages(self) -> None:
        self._marked.clear()

    def sync(self) -> None:
        for one in self._marked:
            self._all.pop(one, None)


class Realm:
    """Gives each avatar the one mailbox."""

    def __init__(self, messages: dict[bytes, bytes]) -> None:
        self._messages = messages

    def requestAvatar(self, avatarId: bytes, mind: object, *interfaces: object) -> tuple[object, object, object]:
        return IMailbox, Memory(self._messages), lambda: None


def main() -> None:
    """Serve until killed."""
    port, folder, name, password = sys.argv[1:]
    messages = {b"id-" + path.name.encode(): path.read_bytes() for path in sorted(Path(folder).iterdir())}
    checker = InMemoryUsernamePasswordDatabaseDontUse()
    checker.addUser(name.encode(), password.encode())
    portal = Portal(Realm(messages), [checker])

    class Server(POP3):
        """With the account."""

        def __init__(self) -> None:
            super().__init__()
            self.portal = portal

    reactor.listenTCP(int(port), Factory.forProtocol(Server), interface="127.0.0.1")
    reactor.run()


if __name__ == "__main__":
    main()
