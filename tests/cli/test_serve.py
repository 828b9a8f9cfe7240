from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Run

from restante.config import SETTINGS, LogFormat, Setting, Settings, load_settings
from restante.config.kinds import Choice, ListOf, OptionalNumber, OptionalPath, WholeNumber, YesOrNo
from restante.config.table import as_typed

_Served = list[tuple[Settings, bool]]


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> _Served:
    """Take what would be served, and serve nothing."""
    calls: _Served = []

    def serve(settings: Settings, *, demo: bool = False, live: object = None) -> int:
        assert settings.data.is_dir()
        calls.append((settings, demo))
        return 3

    monkeypatch.setattr("restante.serving.serve", serve)
    return calls


def _another(setting: Setting) -> str:
    """Give a value for a setting that is not its default, as one would type it."""
    match setting.kind:
        case WholeNumber(least=least):
            return str(max(least, setting.default) + 1)
        case Choice(among=among):
            return str(next(word for word in among if word is not setting.default))
        case OptionalNumber():
            return "7"
        case YesOrNo():
            return "false" if setting.default else "true"
        case ListOf():
            return {
                "audience": "restante",
                "disabled_capabilities": "LANG",
                "sources": "pam",
                "domains": "example.net",
                "mechanisms": "SCRAM-SHA-256",
                "certificate": "/etc/tls/chain.pem",
                "key": "/etc/tls/key.pem",
            }.get(setting.key, "127.0.0.1:4711")
        case OptionalPath():
            return "/etc/restante/elsewhere"
    words = {
        "data": "/tmp/elsewhere",
        "hostname": "mail.example.net",
        "maildir_pattern": "/var/vmail/{domain}/{local}",
        "recipient_delimiter": "-",
        "postmaster": "ted",
        "passwd_file.default_scheme": "BLF-CRYPT",
        "passwd_file.mail_location": "maildir:/var/vmail/%d/%n",
        "ldap.url": "ldaps://ldap.example.net",
        "ldap.base": "dc=example,dc=net",
        "ldap.filter": "(uid={local})",
        "ldap.dn_template": "uid={local},dc=example,dc=net",
        "ldap.service_dn": "cn=restante,dc=example,dc=net",
        "ldap.maildir_attribute": "mailMessageStore",
        "pam.service": "mail",
        "pam.maildir_in_home": "Maildir",
        "oauth.issuer": "https://login.example.net",
        "oauth.keys_url": "https://login.example.net/keys",
        "oauth.introspection_url": "https://login.example.net/introspect",
        "oauth.client_id": "restante",
        "oauth.name_claim": "email",
        "oauth.scope": "mail",
    }
    return words.get(setting.name) or words[setting.key]


_AUDIENCE = ["--oauth-audience", "restante"]
_NEEDED = {
    "oauth.issuer": _AUDIENCE,
    "oauth.introspection_url": [*_AUDIENCE, "--oauth-client-id", "r", "--oauth-client-secret-file", "/etc/secret"],
}
"""Further flags without which one is refused."""


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_has_its_flag(run: Run, served: _Served, setting: Setting, tmp_path: Path) -> None:
    if isinstance(setting.kind, YesOrNo):
        flags, value = [setting.flag], "true"
    else:
        value = str(tmp_path) if setting.key == "data" else _another(setting)
        flags = [setting.flag, value]
    ended = run("serve", *flags, *_NEEDED.get(setting.name, []))
    assert ended.code == 3, ended.err
    ((settings, demo),) = served
    inside = settings if setting.table is None else getattr(settings, setting.table)
    assert as_typed(getattr(inside, setting.key)) == value
    assert demo is False


def test_a_flag_for_no_beats_the_environment(run: Run, served: _Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESTANTE_LOG_WIRE", "true")
    run("serve")
    run("serve", "--no-log-wire")
    assert [settings.log.wire for settings, _ in served] == [True, False]


def test_addresses_may_be_given_several_times(run: Run, served: _Served) -> None:
    run("serve", "--pop3", "127.0.0.1:1", "--pop3", "[::1]:2", "--pop3", "unix:/a,b c")
    assert [str(address) for address in served[0][0].pop3] == ["127.0.0.1:1", "[::1]:2", "unix:/a,b c"]


def test_no_address_at_all_is_told(run: Run, served: _Served) -> None:
    ended = run("serve", "--pop3", "")
    assert ended.code == 2
    assert (
        ended.err
        == "restante: there is no address to listen on: give one with --pop3, --pop3s, --smtp, --smtps or --lmtp\n"
    )
    assert served == []


def test_a_wrong_flag_gets_one_line(run: Run, served: _Served, data: Path) -> None:
    ended = run("serve", "--limits-autologout-seconds", "30")
    assert ended.code == 2
    assert ended.err == (
        "restante: command line: flag '--limits-autologout-seconds': '30' is not allowed (is out of bounds): it "
        "has to be a whole number from 600 to 86400\n"
    )
    assert not data.exists()


def test_a_wrong_file_gets_one_line(run: Run, served: _Served, tmp_path: Path) -> None:
    file = tmp_path / "restante.toml"
    file.write_text("[limits]\nautologot_seconds = 700\n")
    ended = run("serve", "--config", file)
    assert ended.code == 2
    assert ended.err == (
        f"restante: {file}: key 'limits.autologot_seconds': no such setting; did you mean "
        "'limits.autologout_seconds'?\n"
    )


def test_a_file_is_read(run: Run, served: _Served, tmp_path: Path) -> None:
    file = tmp_path / "restante.toml"
    file.write_text("workers = 7\nlmtp = ['unix:/run/restante/lmtp']\n")
    run("serve", "--config", file)
    run("serve", "--config", file, "--workers", "8")
    assert [settings.workers for settings, _ in served] == [7, 8]
    assert [str(address) for address in served[0][0].lmtp] == ["unix:/run/restante/lmtp"]


def test_the_demo_leaves_nothing_behind(run: Run, served: _Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RESTANTE_DATA")
    assert run("serve", "--demo").code == 3
    ((settings, demo),) = served
    assert demo is True
    assert [str(address) for address in settings.pop3 + settings.smtp] == ["127.0.0.1:1110", "127.0.0.1:1025"]
    assert settings.log.wire is True
    assert settings.log.format is LogFormat.TEXT
    assert settings.data.name.startswith("restante-demo-")
    assert not settings.data.exists()


def test_the_demo_heeds_what_was_said(run: Run, served: _Served, data: Path) -> None:
    run("serve", "--demo", "--data", data, "--pop3", "127.0.0.1:0", "--smtp", "")
    ((settings, _),) = served
    assert settings.data == data
    assert data.is_dir()
    assert [str(address) for address in settings.pop3 + settings.smtp] == ["127.0.0.1:0"]


def test_the_demo_does_not_read_the_file_of_the_real_server(
    run: Run, served: _Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[object] = []

    def load(*arguments: Any, **named: Any) -> Settings:  # Any: what load_settings takes
        given.append(named.get("default_config", "read"))
        return load_settings(*arguments, **named)

    monkeypatch.setattr("restante.cli.serve.load_settings", load)
    run("serve", "--demo")
    run("serve")
    assert given == [None, "read"]
