"""Messages that have tripped mail programs before, as they are sent."""

from __future__ import annotations

from typing import Final

_HEAD: Final = (
    b"From: Alice <alice@example.org>\r\nTo: Ted <ted@example.org>\r\n"
    b"Subject: %s\r\nMessage-ID: <%s@example.org>\r\n"
)

PLAIN: Final = _HEAD % (b"Lunch", b"plain") + b"\r\nLunch at noon?\r\n\r\nAlice\r\n"

MULTIPART: Final = (
    _HEAD % (b"Minutes", b"multipart")
    + b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="=_b"\r\n\r\nThis is MIME.\r\n--=_b\r\n'
    + b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    + "Gr\u00fc\u00dfe aus K\u00f6ln \u2014 \u65e5\u672c\u8a9e \U0001f4ec\r\n".encode()
    + b"--=_b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
    + b'Content-Disposition: attachment; filename="a.bin"\r\n\r\nAAECAwQFBgcICQ==\r\n--=_b--\r\n'
)

DOTS: Final = (
    _HEAD % (b"Dots", b"dots")
    + b"\r\n.starts with a dot\r\n.\r\n..\r\n...\r\nin the . middle\r\n.\r\n"
    + b"x" * 5000
    + b"\r\n\r\n.\r\n"
)

CORPUS: Final[dict[str, bytes]] = {
    "plain": PLAIN,
    "multipart": MULTIPART,
    "dots": DOTS,
    "empty_body": _HEAD % (b"Empty", b"empty") + b"\r\n",
    "only_headers": _HEAD % (b"Headers", b"headers"),
    "no_final_newline": _HEAD % (b"Open end", b"open") + b"\r\nthe last line has no end",
    "eight_bit": _HEAD % (b"8-bit", b"bits") + b"\r\n\x80\xff\xfe latin: \xe9\r\n",
    "mixed_line_ends": _HEAD % (b"Mixed", b"mixed") + b"\r\none\ntwo\rthree\r\n\n.\nfour\r\r\nfive\n\r\n",
    "nul": _HEAD % (b"NUL", b"nul") + b"\r\nbefore\x00after\r\n",
    "large": _HEAD % (b"Large", b"large") + b"\r\n" + b"0123456789abcdef.ghijklmnopqrstuvwxyz .\r\n" * 25_575,
}
"""Messages as they are sent; what is stored is their canonical form. The large one is a little over 1 MiB."""
