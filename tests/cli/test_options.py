from pathlib import Path

import pytest

from restante.cli.options import settings_of


def test_the_flag_beats_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESTANTE_DATA", "/from/environment")
    assert settings_of(None, None).data == Path("/from/environment")
    assert settings_of(None, str(tmp_path)).data == tmp_path
    assert settings_of(None, None, {"workers": "3"}).workers == 3
