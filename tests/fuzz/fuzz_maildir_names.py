"""Fuzzes the names of files in a Maildir: whatever a name is, it is read, and its unique-id is legal and its own.

An input is two names, parted by a NUL, which no name can hold.
"""

from __future__ import annotations

from typing import Final

from restante.proto.terms import is_legal_unique_id
from restante.stores.maildir import names

PIECES: Final = (b":2,", b",S=", b",W=", b"\n", b"h-", b".", b"M", b"9" * 19, b"\xff", b"\0")


def one_input(octets: bytes) -> None:
    """Run one input; an assertion or any other exception is a find."""
    one, _, other = octets.partition(b"\0")
    ids = []
    for name in (one, other):
        read = names.parse(name)
        assert read.base == names.base_of(name) == names.base_of(read.base)
        assert name.startswith(read.base)
        # Flags that another program sets change nothing.
        assert names.parse(read.base + b":2,FS") == read._replace(base=read.base)
        assert (read.file_octets == names.UNKNOWN) == (read.wire_octets == names.UNKNOWN)
        assert names.UNKNOWN <= read.file_octets <= max(read.wire_octets, names.UNKNOWN)
        assert 0 <= read.delivered_micros < 10**18 + 10**6
        unique_id = names.id_from_base(read.base)
        assert is_legal_unique_id(unique_id)
        ids.append((read.base, unique_id))
    assert (ids[0][0] == ids[1][0]) == (ids[0][1] == ids[1][1])
