"""Octets and header text as people wrote them: charsets, encoded-words, and the parameters of MIME.

Lenient where programs of the last forty years were: charsets that are unknown or lie, words with spaces in them,
letters that are cut in two between words. Never fails; what could not be read is U+FFFD. Linear in the text.
Sources: RFC 2047 (encoded-words), RFC 2231 (parameters), RFC 6532 (UTF-8 in headers), RFC 1428 §3 (unknown-8bit).
"""

from __future__ import annotations

import binascii
import codecs
import re
from typing import Final

__all__ = ["decoded", "from_base64", "parameters", "unfolded", "words_decoded"]

_WORD: Final = re.compile(rb"=\?([^?\s]{1,60})\?([bBqQ])\?([^?\r\n]*)\?=")
_FOLD: Final = re.compile(rb"\r?\n(?=[ \t])|\r|\n")
_NOT_BASE64: Final = re.compile(rb"[^A-Za-z0-9+/]+")

_SUPERSETS: Final = {
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "iso8859-1": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "x-sjis": "cp932",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-8-e": "iso-8859-8",
    "iso-8859-9": "cp1254",
    "x-mac-roman": "mac_roman",
    "utf8mb4": "utf-8",
    "iso-2022-jp": "iso2022_jp_ext",
}
"""What a charset's name means in practice: programs write more than it allows."""

_GUESS: Final = frozenset(
    {"", "us-ascii", "ascii", "unknown-8bit", "x-unknown", "unknown", "default", "8bit", "binary"}
)
_NO_CHARSETS: Final = frozenset(
    {"punycode", "idna", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs", "oem", "utf-7"}
)
"""Codecs that are no charsets of mail; some take quadratic time. UTF-7 hides what a filter should see."""


def decoded(octets: bytes, charset: str) -> tuple[str, str | None]:
    """Give octets as text, and a remark where the charset could not be taken at its word."""
    name = charset.strip().strip("\"'").lower()
    if name in _GUESS:
        return _guessed(octets), None
    try:
        codec = codecs.lookup(_SUPERSETS.get(name, name)).name
    except (LookupError, ValueError, UnicodeError):
        codec = ""
    if not codec or codec.replace("_", "-") in _NO_CHARSETS:
        return _guessed(octets), f"the charset {charset!r} is not known; its text is guessed"
    try:
        return octets.decode(codec), None
    except (LookupError, ValueError, UnicodeError):
        pass
    if codec not in {"utf-8", "utf-16", "utf-32"}:
        try:
            return octets.decode("utf-8"), f"the text is not {charset} as it says, but UTF-8"
        except UnicodeDecodeError:
            pass
    try:
        text = octets.decode(codec, "replace")
    except (LookupError, ValueError, UnicodeError):
        return _guessed(octets), f"the charset {charset!r} is not known; its text is guessed"
    return text, f"the text is not all {charset} as it says; what could not be read shows as \ufffd"


def _guessed(octets: bytes) -> str:
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("cp1252", "replace")


def unfolded(value: bytes) -> bytes:
    """Give a header field's value on one line."""
    return _FOLD.sub(b"", value).strip(b" \t")


def words_decoded(value: bytes) -> str:
    """Give an unfolded header value as text, with its encoded-words read."""
    if b"=?" not in value:
        return _guessed(value)
    text: list[str] = []
    held, held_charset = b"", ""
    end = 0
    for found in _WORD.finditer(value):
        between = value[end : found.start()]
        charset = found[1].decode("ascii", "replace").partition("*")[0]
        # White space between two encoded-words is not shown (§6.2); a letter may be cut in two between them.
        apart = between.strip(b" \t") != b"" or end == 0
        if held_charset and (apart or charset.lower() != held_charset.lower()):
            text.append(decoded(held, held_charset)[0])
            held, held_charset = b"", ""
        if apart:
            text.append(_guessed(between))
        held += _word(found[2], found[3])
        held_charset = charset
        end = found.end()
    if held_charset:
        text.append(decoded(held, held_charset)[0])
    text.append(_guessed(value[end:]))
    return "".join(text)


def _word(encoding: bytes, octets: bytes) -> bytes:
    if encoding in b"bB":
        return from_base64(octets)
    return binascii.a2b_qp(octets, header=True)


def from_base64(octets: bytes) -> bytes:
    """Decode base64 with whatever else is in it passed over; each end by `=` begins anew, as some programs do."""
    if b"=" in octets.rstrip(b"=\r\n \t"):
        return b"".join(from_base64(piece) for piece in re.split(rb"=+", octets) if piece)
    plain = _NOT_BASE64.sub(b"", octets)
    if len(plain) % 4 == 1:  # no octet has six bits
        plain = plain[:-1]
    return binascii.a2b_base64(plain + b"=" * (-len(plain) % 4))


# --- parameters ---------------------------------------------------------------------------------------------------

_PARAMETER: Final = re.compile(
    rb'[;\s]*([^\s=;"()<>@,:\\/\[\]?]{1,80})[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)(?:"|$)|([^;]*))', re.DOTALL
)
_PARAMETERS: Final = 100
_PERCENT: Final = re.compile(rb"%([0-9A-Fa-f]{2})")


def parameters(value: bytes) -> tuple[str, dict[str, str]]:
    """Read the value of Content-Type or Content-Disposition: what it is in lower case, and its parameters."""
    main, _, rest = unfolded(value).partition(b";")
    plain: dict[str, bytes] = {}
    at = 0
    for _ in range(_PARAMETERS):
        found = _PARAMETER.match(rest, at)
        if found is None:
            # What is no parameter is passed over, up to the next.
            at = rest.find(b";", at) + 1
            if not at:
                break
            continue
        name = found[1].decode("ascii", "replace").lower()
        quoted, bare = found[2], found[3]
        plain.setdefault(name, re.sub(rb"\\(.)", rb"\1", quoted) if quoted is not None else bare.strip())
        at = found.end()
    return _guessed(main.strip()).lower(), _joined(plain)


def _joined(plain: dict[str, bytes]) -> dict[str, str]:
    """Put parameters together that stand in pieces, or in percents (RFC 2231 §3 and §4)."""
    values: dict[str, str] = {}
    for name in dict.fromkeys(key.partition("*")[0] for key in plain):
        charset, octets = "", b""
        if f"{name}*" in plain:
            charset, octets = _extended(plain[f"{name}*"])
        elif name in plain:
            values[name] = words_decoded(plain[name])
            continue
        else:
            for piece in range(_PARAMETERS):
                if (written := plain.get(f"{name}*{piece}*")) is not None:
                    if piece == 0:
                        charset, octets = _extended(written)
                    else:
                        octets += _percents(written)
                elif (written := plain.get(f"{name}*{piece}")) is not None:
                    octets += written
                else:
                    break
        values[name] = decoded(octets, charset)[0]
    return values


def _extended(written: bytes) -> tuple[str, bytes]:
    charset, quote, rest = written.partition(b"'")
    if not quote:
        return "", _percents(written)
    return charset.decode("ascii", "replace"), _percents(rest.partition(b"'")[2])


def _percents(octets: bytes) -> bytes:
    return _PERCENT.sub(lambda found: bytes([int(found[1], 16)]), octets)
