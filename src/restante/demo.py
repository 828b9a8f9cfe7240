"""The demo: an account Ted with password SECRET, three messages, and lines to copy.

The messages are such as show what a mail system has to get right: one plain, one in several parts with raw UTF-8
and an attachment, one with lines that start with dots and a line far longer than SMTP allows.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from restante.ports.events import Door
from restante.server.sockets import BoundSocket

__all__ = ["DEMO_MESSAGES", "DEMO_NAME", "DEMO_PASSWORD", "LOOPBACK", "lines_to_copy"]

DEMO_NAME: Final = "Ted"
DEMO_PASSWORD: Final = b"SECRET"  # in the documentation, and good for a demo on loopback only

LOOPBACK: Final = ("127.", "[::1]", "localhost")
"""How addresses begin that go nowhere."""

_PLAIN: Final = """\
From: Alice <alice@example.org>
To: Ted <ted@localhost>
Subject: A letter, to be called for
Date: Mon, 02 Nov 2026 09:00:00 +0000
Message-ID: <plain@demo.example.org>

Hello Ted,

this letter waited at the post office until you called for it. If you mark it with
DELE and say QUIT, it is gone; if you only hang up, it is still there next time.

Alice
"""

_PARTS: Final = """\
From: =?utf-8?q?Bj=C3=B6rn?= <bjoern@example.org>
To: Ted <ted@localhost>
Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= with an attachment
Date: Mon, 02 Nov 2026 10:00:00 +0000
Message-ID: <parts@demo.example.org>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="=_demo"

This is a message in several parts.
--=_demo
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Grüße aus Århus, Ted! Это письмо идёт как есть, 一个字节也不变。

--=_demo
Content-Type: application/octet-stream; name="numbers.bin"
Content-Disposition: attachment; filename="numbers.bin"
Content-Transfer-Encoding: base64

AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v
--=_demo--
"""

_DOTS: Final = """\
From: Postmaster <postmaster@example.org>
To: Ted <ted@localhost>
Subject: Dots, and a very long line
Date: Mon, 02 Nov 2026 11:00:00 +0000
Message-ID: <dots@demo.example.org>

The next line is a lone dot, which on the wire would be the end of this message:
.
.this line starts with a dot
..and this one with two
The line after this one has 5,000 octets:
{long}
All of it comes back as it was.
"""

DEMO_MESSAGES: Final = tuple(text.encode() for text in (_PLAIN, _PARTS, _DOTS.format(long="0123456789" * 500)))


def lines_to_copy(sockets: Sequence[BoundSocket], program: str, data: Path) -> list[str]:
    """Give what a newcomer may copy into another terminal: read, send, be led through a session, watch all of them.

    `program` is what starts Restante there, `data` the demo's data folder.
    """
    at = {bound.door: bound.address for bound in sockets if not bound.tls}
    smtps = next((bound.address for bound in sockets if bound.door is Door.SMTP and bound.tls), None)
    lines = []
    pop3, smtp = at.get(Door.POP3), at.get(Door.SMTP)
    credentials = f"{DEMO_NAME}:{DEMO_PASSWORD.decode()}"
    if pop3 and not pop3.startswith("unix:"):
        lines.append(f"curl -su {credentials} pop3://{pop3}/1")
    if smtp and not smtp.startswith("unix:"):
        lines.append(
            "printf 'Subject: Hello\\n\\nA letter for Ted.\\n' | "
            f"curl -s --mail-from you@example.org --mail-rcpt {DEMO_NAME}@localhost --upload-file - smtp://{smtp}"
        )
    if smtps and not smtps.startswith("unix:"):
        lines.append(
            "printf 'Subject: Under TLS\\n\\nAnother one.\\n' | "
            f"curl -sku {credentials} --mail-from you@example.org --mail-rcpt {DEMO_NAME}@localhost"
            f" --upload-file - smtps://{smtps}"
        )
    if pop3 and not pop3.startswith("unix:"):
        # The lesson is in plain on loopback, and asks for TLS elsewhere.
        plain = "" if pop3.startswith(LOOPBACK) else "--security plain "
        lines.append(f"{program} talk --as-client lesson {plain}{pop3}")
    lines.append(f"{program} watch --data {shlex.quote(str(data))}")
    return lines
