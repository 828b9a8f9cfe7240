from __future__ import annotations

import restante.observe
from restante.observe import fanout, logs, transcripts


def test_the_package_exports_what_its_modules_offer_to_others() -> None:
    offered = [*fanout.__all__, *logs.__all__, *transcripts.__all__]
    assert sorted(restante.observe.__all__) == sorted(offered)
    assert all(hasattr(restante.observe, name) for name in offered)
