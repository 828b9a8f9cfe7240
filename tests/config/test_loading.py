# ruff: noqa: E501 - the lines that people get stand whole
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from restante.config import ConfigError, Settings, TcpAddress, load_settings

Flags = Mapping[str, str | Sequence[str]]
_HOME = {"HOME": "/home/ted"}


def _load(
    file: Path | None = None, environ: Mapping[str, str] | None = None, flags: Flags | None = None
) -> Settings:
    return load_settings(file, {**_HOME, **(environ or {})}, flags or {}, default_config=None, machine="pop")


def _written(folder: Path, text: str) -> Path:
    file = folder / "restante.toml"
    file.write_text(text, encoding="utf-8")
    return file


def _line(folder: Path, text: str) -> str:
    """Give the line that a file with this text gets, after its path."""
    file = _written(folder, text)
    with pytest.raises(ConfigError) as caught:
        _load(file)
    line = str(caught.value)
    assert "\n" not in line
    assert caught.value.source == str(file)
    return line.removeprefix(f"{file}: ")


def test_defaults_stand_where_nothing_is_said() -> None:
    settings = _load()
    assert settings.pop3 == (TcpAddress(host="127.0.0.1", port=1110),)
    assert settings.smtp == settings.lmtp == ()
    assert settings.limits.autologout_seconds == 600
    assert settings.hostname == "pop"
    assert settings.domains == ("pop", "localhost")


def test_a_flag_beats_the_environment_beats_the_file_beats_the_default(tmp_path: Path) -> None:
    file = _written(tmp_path, "[limits]\nautologout_seconds = 601\nbad_commands = 1\nlogin_seconds = 1\n")
    environ = {"RESTANTE_LIMITS_AUTOLOGOUT_SECONDS": "602", "RESTANTE_LIMITS_BAD_COMMANDS": "2"}
    limits = _load(file, environ, {"limits.autologout_seconds": "603"}).limits
    assert (limits.autologout_seconds, limits.bad_commands, limits.login_seconds) == (603, 2, 1)
    assert limits.stop_seconds == 30


def test_given_defaults_stand_below_the_file(tmp_path: Path) -> None:
    file = _written(tmp_path, "workers = 3\n")
    settings = load_settings(
        file, _HOME, {}, defaults={"workers": "2", "smtp": ["127.0.0.1:0"]}, default_config=None, machine="pop"
    )
    assert settings.workers == 3
    assert settings.smtp == (TcpAddress(host="127.0.0.1", port=0),)


def test_a_list_is_replaced_and_not_added_to(tmp_path: Path) -> None:
    file = _written(tmp_path, 'pop3 = ["127.0.0.1:1", "127.0.0.1:2"]\n')
    assert [str(address) for address in _load(file).pop3] == ["127.0.0.1:1", "127.0.0.1:2"]
    assert [str(address) for address in _load(file, {"RESTANTE_POP3": "[::1]:3 *:4"}).pop3] == ["[::1]:3", "*:4"]
    assert [str(address) for address in _load(file, flags={"pop3": ["*:5"]}).pop3] == ["*:5"]
    assert _load(file, flags={"pop3": [""]}).pop3 == ()


def test_the_file_is_named_by_the_flag_then_the_variable_then_the_default(tmp_path: Path) -> None:
    files = {}
    for number in (1, 2, 3):
        (tmp_path / str(number)).mkdir()
        files[number] = _written(tmp_path / str(number), f"workers = {number}\n")
    environ = {**_HOME, "RESTANTE_CONFIG": str(files[2])}
    assert load_settings(files[1], environ, {}, default_config=files[3]).workers == 1
    assert load_settings(None, environ, {}, default_config=files[3]).workers == 2
    assert load_settings(None, _HOME, {}, default_config=files[3]).workers == 3
    assert load_settings(None, _HOME, {}, default_config=tmp_path / "none.toml").workers == 0


def test_domains_follow_the_hostname_and_have_no_case() -> None:
    assert _load(flags={"hostname": "Pop.Example.org"}).domains == ("pop.example.org", "localhost")
    assert _load(flags={"domains": ["Example.org", "example.ORG"]}).domains == ("example.org",)
    assert _load(flags={"hostname": "localhost"}).domains == ("localhost",)


@pytest.mark.parametrize("machine", ["", "a b", "-", "a" * 300, "x\r\ny"])
def test_a_machine_without_a_legal_name_is_localhost(machine: str) -> None:
    assert load_settings(None, _HOME, {}, default_config=None, machine=machine).hostname == "localhost"


@pytest.mark.parametrize(
    ("user", "environ", "folder"),
    [
        (0, _HOME, "/var/lib/restante"),
        (1000, _HOME, "/home/ted/.local/share/restante"),
        (1000, {**_HOME, "XDG_DATA_HOME": "/data"}, "/data/restante"),
        (1000, {**_HOME, "XDG_DATA_HOME": "relative"}, "/home/ted/.local/share/restante"),
    ],
)
def test_the_data_folder_without_a_word(
    user: int, environ: Mapping[str, str], folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: user)
    assert load_settings(None, environ, {}, default_config=None).data == Path(folder)


def test_nobody_without_a_home_has_to_name_a_data_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(
        ConfigError, match="variable 'HOME': is not set, so there is no data folder: give one with --data"
    ):
        load_settings(None, {}, {}, default_config=None)
    assert load_settings(None, {}, {"data": "/srv"}, default_config=None).data == Path("/srv")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "[limits]\nautologot_seconds = 700\n",
            "key 'limits.autologot_seconds': no such setting; did you mean 'limits.autologout_seconds'?",
        ),
        ("autologout_seconds = 700\n", "key 'autologout_seconds': no such setting; did you mean 'limits.autologout_seconds'?"),
        ("[limits]\nhash_passes = 3\n", "key 'limits.hash_passes': no such setting; did you mean 'auth.hash_passes'?"),
        ("zzzzzz = 1\n", "key 'zzzzzz': no such setting; see the list of settings, or take it out"),
        ("[limit]\nautologout_seconds = 700\n", "key 'limit': no such table; did you mean 'limits'?"),
        ("limits = 3\n", "key 'limits': is a table of settings: write [limits] above its keys"),
        ("[[limits]]\na = 1\n", "key 'limits': is a table of settings: write [limits] above its keys"),
        ("[workers]\n", "key 'workers': '{}' is not allowed (is not a whole number): it has to be a whole number from 0 to 1024"),
        (
            "[limits]\nautologout_seconds = 30\n",
            "key 'limits.autologout_seconds': '30' is not allowed (is out of bounds): it has to be a whole number from 600 to 86400",
        ),
        (
            "pop3 = '127.0.0.1:110'\n",
            "key 'pop3': '127.0.0.1:110' is not allowed (write it in brackets): it has to be a list, each item host:port, "
            "[IPv6]:port, *:port or unix:path",
        ),
        (
            "pop3 = ['::1:110']\n",
            "key 'pop3': '::1:110' is not allowed (an IPv6 address stands in brackets, such as [::1]:110): it has to be a "
            "list, each item host:port, [IPv6]:port, *:port or unix:path",
        ),
        ("data = 'mail'\n", "key 'data': 'mail' is not allowed (does not start with /): it has to be the path of a folder"),
        ("data = 1979-01-01\n", "key 'data': '1979-01-01' is not allowed (write it in quotes): it has to be the path of a folder"),
        ("[log]\nformat = 'xml'\n", "key 'log.format': 'xml' is not allowed (is none of them): it has to be \"auto\", \"text\" or \"json\""),
        ("[log]\nwire = 'yes'\n", "key 'log.wire': 'yes' is not allowed (is neither true nor false): it has to be true or false"),
        ('"a\\u001b[2Jb" = 1\n', r"key 'a\x1b[2Jb': no such setting; see the list of settings, or take it out"),
        ("hostname = 'a\\nb'\n", r"key 'hostname': 'a\nb' is not allowed (is not of that form): it has to be a host's name: letters, digits, `.`, `-`, `_`"),
        ("workers = 3\nworkers = 4\n", "line 2: is not TOML (Cannot overwrite a value): write settings as key = value, text in quotes"),
        ("workers\n", "line 1: is not TOML (Expected '=' after a key in a key/value pair): write settings as key = value, text in quotes"),
        ("workers =", "end of the file: is not TOML (Invalid value): write settings as key = value, text in quotes"),
        (
            "[delivery]\nmessage_octets = 900000000\n",
            "key 'delivery.message_octets': 'delivery.octets_at_once' has to be at least 'delivery.message_octets', so "
            "900000000 or more, and is 268435456: raise it",
        ),
        (
            "[auth]\nhash_lanes = 4\nhash_memory_kib = 8\n",
            "key 'auth.hash_memory_kib': 'auth.hash_memory_kib' has to be at least 8 times 'auth.hash_lanes', so 32 or more, "
            "and is 8: raise it",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_file_gets_one_line(tmp_path: Path, text: str, line: str) -> None:
    assert _line(tmp_path, text) == line


@pytest.mark.parametrize(
    "pattern",
    [
        "/var/vmail/{domain}/{local}",
        "/var/vmail/{domain}/{local}/Maildir",
        "/home/{local}/Maildir",
        "/mail/a..b/{local}",
    ],
)
def test_a_pattern_of_a_site(tmp_path: Path, pattern: str) -> None:
    assert _load(_written(tmp_path, f"maildir_pattern = '{pattern}'\n")).maildir_pattern == pattern


@pytest.mark.parametrize(
    "pattern",
    [
        "var/{local}",
        "/var/vmail/{domain}",
        "/var/vmail",
        "/var/{lcal}/{local}",
        "/../{local}",
        "/var/{domain}/../{local}",
        "/var/{local}/..",
        "/var/{local",
        "/var/{local}}",
        "/var/./{local}",
        "/var/\0/{local}",
    ],
)
def test_a_pattern_that_could_lead_astray_is_refused(pattern: str) -> None:
    with pytest.raises(ConfigError, match="it has to be a path that starts with /, such as"):
        _load(environ={"RESTANTE_MAILDIR_PATTERN": pattern})


@pytest.mark.parametrize(
    ("environ", "line"),
    [
        (
            {"RESTANTE_LIMITS_AUTOLOGOT_SECONDS": "1"},
            "environment: variable 'RESTANTE_LIMITS_AUTOLOGOT_SECONDS': no such setting; did you mean "
            "'RESTANTE_LIMITS_AUTOLOGOUT_SECONDS'?",
        ),
        (
            {"RESTANTE_CONFG": "/a"},
            "environment: variable 'RESTANTE_CONFG': no such setting; did you mean 'RESTANTE_CONFIG'?",
        ),
        (
            {"RESTANTE_WORKERS": "many"},
            "environment: variable 'RESTANTE_WORKERS': 'many' is not allowed (is not a whole number): it has to be a whole "
            "number from 0 to 1024",
        ),
    ],
)
def test_what_is_wrong_in_the_environment_gets_one_line(environ: Mapping[str, str], line: str) -> None:
    with pytest.raises(ConfigError) as caught:
        _load(environ=environ)
    assert str(caught.value) == line
    assert caught.value.source == "environment"


def test_the_postmaster_has_to_have_a_legal_name() -> None:
    assert _load(flags={"delivery.postmaster": "Ted@example.org"}).delivery.postmaster == "Ted@example.org"
    assert _load(flags={"delivery.postmaster": ""}).delivery.postmaster is None
    with pytest.raises(ConfigError, match=r"flag '--delivery-postmaster': '../ted' is not allowed"):
        _load(flags={"delivery.postmaster": "../ted"})


def test_a_flag_given_twice_counts_as_said_last() -> None:
    assert _load(flags={"workers": ["3", "4"]}).workers == 4


def test_a_long_value_is_not_shown_whole() -> None:
    with pytest.raises(ConfigError) as caught:
        _load(environ={"RESTANTE_WORKERS": "x" * 10_000})
    assert len(str(caught.value)) < 300


def test_what_is_wrong_in_a_flag_gets_one_line() -> None:
    with pytest.raises(ConfigError) as caught:
        _load(flags={"pop3": ["127.0.0.1:1", "127.0.0.1"]})
    assert str(caught.value).startswith(
        "command line: flag '--pop3': '127.0.0.1:1 127.0.0.1' is not allowed (the port is missing"
    )


def test_variables_of_other_programs_are_left_alone() -> None:
    assert _load(environ={"_RESTANTE_COMPLETE": "1", "RESTANTEX": "1", "POP3": "1"}) == _load()


def test_a_file_that_was_named_has_to_be_there(tmp_path: Path) -> None:
    missing = tmp_path / "none.toml"
    with pytest.raises(ConfigError) as caught:
        _load(missing)
    line = f"{missing}: cannot be read (no such file or directory): name a file that can be, with --config"
    assert str(caught.value) == line
    with pytest.raises(ConfigError, match="is a directory"):
        _load(tmp_path)


def test_a_file_that_is_no_text_names_the_line(tmp_path: Path) -> None:
    file = tmp_path / "restante.toml"
    file.write_bytes(b"workers = 1\n# caf\xe9\n")
    with pytest.raises(ConfigError, match="line 2: is not UTF-8: save the file as UTF-8"):
        _load(file)


def test_a_file_of_wrong_size_is_not_read_into_memory(tmp_path: Path) -> None:
    file = tmp_path / "restante.toml"
    file.write_bytes(b"#" * 1_048_577)
    with pytest.raises(ConfigError, match="is longer than 1048576 octets"):
        _load(file)


def test_a_file_nested_without_end_is_refused(tmp_path: Path) -> None:
    assert "name the right file" in _line(tmp_path, "pop3 = " + "[" * 20_000)


@pytest.mark.parametrize(
    ("environ", "needed"),
    [
        ({"RESTANTE_AUTH_MECHANISMS": "external"}, "EXTERNAL needs 'tls.client_authorities'"),
        ({"RESTANTE_AUTH_MECHANISMS": "XOAUTH2"}, "XOAUTH2 needs 'oauth.issuer'"),
        ({"RESTANTE_OAUTH_ISSUER": "https://login.example.org"}, "an issuer needs 'oauth.audience'"),
        (
            {"RESTANTE_OAUTH_INTROSPECTION_URL": "https://x.example", "RESTANTE_OAUTH_AUDIENCE": "x"},
            "introspection needs 'oauth.client_id'",
        ),
        ({"RESTANTE_ACCOUNTS_SOURCES": "passwd-file"}, "passwd-file needs 'passwd_file.path'"),
        ({"RESTANTE_ACCOUNTS_SOURCES": "built-in ldap"}, "ldap needs 'ldap.url'"),
    ],
)
def test_a_setting_that_needs_another_says_so(environ: Mapping[str, str], needed: str) -> None:
    with pytest.raises(ConfigError) as caught:
        _load(environ=environ)
    variable = next(iter(environ))
    assert str(caught.value).startswith(f"environment: variable '{variable}': {needed}: give it, or leave ")


def test_what_is_set_up_is_offered_unless_mechanisms_are_named() -> None:
    assert _load().auth.mechanisms == ("PLAIN", "LOGIN")
    authorities = {"RESTANTE_TLS_CLIENT_AUTHORITIES": "/etc/authorities.pem"}
    issuer = {"RESTANTE_OAUTH_ISSUER": "https://login.example.org", "RESTANTE_OAUTH_AUDIENCE": "restante"}
    assert _load(environ=authorities).auth.mechanisms == ("EXTERNAL", "PLAIN", "LOGIN")
    assert _load(environ=issuer).auth.mechanisms == ("OAUTHBEARER", "XOAUTH2", "PLAIN", "LOGIN")
    named = {"RESTANTE_AUTH_MECHANISMS": "plain scram-sha-256"}
    assert _load(environ={**authorities, **issuer, **named}).auth.mechanisms == ("PLAIN", "SCRAM-SHA-256")


def test_a_mechanism_that_is_not_spoken_here_is_a_mistake() -> None:
    with pytest.raises(ConfigError, match="'DIGEST-MD5' is not allowed"):
        _load(environ={"RESTANTE_AUTH_MECHANISMS": "DIGEST-MD5"})
