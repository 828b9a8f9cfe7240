import dataclasses
import re

import pytest

from restante.config.settings import Settings
from restante.config.table import SETTINGS, TABLES, Setting, as_typed

_each_setting = pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)


def test_the_table_names_every_field_of_the_model() -> None:
    fields = {field.name for field in dataclasses.fields(Settings)} - set(TABLES)
    fields |= {f"{table}.{field.name}" for table, model in TABLES.items() for field in dataclasses.fields(model)}
    assert {setting.name for setting in SETTINGS} == fields


@_each_setting
def test_every_setting_is_described(setting: Setting) -> None:
    assert re.fullmatch(r"[A-Z].{15,120}\.", setting.description)
    # Square brackets are markup to the help's formatter.
    assert "[" not in setting.description
    assert setting.kind.allowed
    assert setting.kind.placeholder


@_each_setting
def test_a_number_says_its_unit(setting: Setting) -> None:
    if setting.key.endswith("_seconds"):
        assert "Seconds" in setting.description
    if "octets" in setting.key:
        assert "Octets" in setting.description
    if setting.key.endswith("_kib"):
        assert "KiB" in setting.description


@_each_setting
def test_every_default_is_allowed(setting: Setting) -> None:
    assert setting.kind.from_text(as_typed(setting.default)) == setting.default


def test_the_three_spellings_are_one_name() -> None:
    by_name = {setting.name: setting for setting in SETTINGS}
    setting = by_name["limits.autologout_seconds"]
    assert setting.variable == "RESTANTE_LIMITS_AUTOLOGOUT_SECONDS"
    assert setting.flag == "--limits-autologout-seconds"
    assert by_name["pop3"].variable == "RESTANTE_POP3"
    assert by_name["pop3"].flag == "--pop3"


def test_no_two_settings_share_a_spelling() -> None:
    assert len({setting.variable for setting in SETTINGS}) == len(SETTINGS)
    assert len({setting.flag for setting in SETTINGS}) == len(SETTINGS)


def test_settings_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().workers = 3  # type: ignore[misc]


@pytest.mark.rule("L3", "S7")
def test_the_bounds_of_the_rfcs_cannot_be_undercut() -> None:
    least = {"limits.autologout_seconds": 600, "limits.command_line_octets": 255, "delivery.recipients": 100}
    for setting in SETTINGS:
        if setting.name in least:
            assert setting.kind.from_text(str(least[setting.name])) == least[setting.name]
            with pytest.raises(ValueError, match="out of bounds"):
                setting.kind.from_text(str(least[setting.name] - 1))
