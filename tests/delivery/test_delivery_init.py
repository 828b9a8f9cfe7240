"""What the package gives to others."""

from __future__ import annotations

import restante.delivery


def test_the_package_exports_what_others_use_and_nothing_else() -> None:
    assert restante.delivery.__all__ == sorted(restante.delivery.__all__)
    assert set(restante.delivery.__all__) == {
        "BareLineEnds",
        "OctetStream",
        "OverQuotaAnswer",
        "PipeResult",
        "Receiver",
        "SysExit",
        "deliver_from_pipe",
    }
    assert all(hasattr(restante.delivery, name) for name in restante.delivery.__all__)
