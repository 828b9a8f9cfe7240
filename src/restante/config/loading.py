"""Puts the settings together: flag before environment before file before default.

Reads one file and nothing else: the environment and the flags are arguments. What is wrong raises ConfigError,
whose one line names the source, the key and what to do; the first one found is told.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from restante.config.kinds import Kind, ListOf
from restante.config.settings import Settings
from restante.config.table import ENVIRONMENT_PREFIX, SETTINGS, TABLES, Setting, as_typed
from restante.config.values import AccountSourceName

__all__ = [
    "CONFIG_VARIABLE",
    "DEFAULT_CONFIG",
    "LARGEST_CONFIG_OCTETS",
    "NO_SETTINGS",
    "ConfigError",
    "load_settings",
]

DEFAULT_CONFIG: Final = Path("/etc/restante/restante.toml")
"""Read when it exists and no other file was named."""

CONFIG_VARIABLE: Final = ENVIRONMENT_PREFIX + "CONFIG"
NO_SETTINGS: Final = frozenset({CONFIG_VARIABLE, ENVIRONMENT_PREFIX + "ACCOUNTS"})
"""Variables that are no settings of the server: the second is the mail program's, which commands of both may meet.
Written here, since to import it from there would cost each delivery the import of the client."""
"""Names the file where --config does not."""

LARGEST_CONFIG_OCTETS: Final = 1_048_576
"""A thousand times what all settings need: a wrong file named by mistake is not read into memory."""

_BY_NAME: Final = {setting.name: setting for setting in SETTINGS}
_BY_VARIABLE: Final = {setting.variable: setting for setting in SETTINGS}
_MOST_SHOWN: Final = 80
_OF_TOKENS: Final = ("oauth.issuer", "oauth.introspection_url")
"""Either one means that tokens are taken."""
_NONE_GIVEN: Final[Mapping[str, str | Sequence[str]]] = {}
_HOST_OF_MACHINE: Final = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?")
_TOML_PLACE: Final = re.compile(
    r"(?P<what>.*) \(at (?:line (?P<line>\d+), column \d+|(?P<end>end of document))\)", re.S
)


class ConfigError(Exception):
    """A setting, a file or a variable is wrong. Its text is one line, fit for people, that ends with what to do."""

    def __init__(self, *, source: str, key: str | None, what: str) -> None:
        self.source = source
        """The file's path, `environment` or `command line`."""
        self.key = key
        """The key, the variable or the flag as it stands there; None when the source as a whole is at fault."""
        self.what = what
        """What is wrong with it, and what to do."""
        super().__init__(": ".join(_shown(part) for part in (source, key, what) if part))


def load_settings(
    config: Path | None,
    environ: Mapping[str, str],
    flags: Mapping[str, str | Sequence[str]],
    *,
    default_config: Path | None = DEFAULT_CONFIG,
    defaults: Mapping[str, str | Sequence[str]] = _NONE_GIVEN,
    machine: str | None = None,
) -> Settings:
    """Put the settings together.

    `config` is the file that --config named, or None; then RESTANTE_CONFIG names one, then `default_config` is read
    if it exists. `flags` has what the command line gave, by the setting's name in the file; a sequence is a flag
    that was given several times. `defaults`, of the same form, stand below all of these. `machine` is the
    machine's name; None asks the system.
    Raises ConfigError.
    """
    given: dict[str, Any] = {}  # Any: values of many kinds, each read by its own
    for name, text in defaults.items():
        given[name] = _read_text(_BY_NAME[name], text, ("defaults", name))
    origin: dict[str, tuple[str, str]] = {}
    file, named = _choose_file(config, environ, default_config)
    if file is not None and (named or file.exists()):
        for setting, value in _read_file(file):
            given[setting.name] = value
            origin[setting.name] = (str(file), f"key '{setting.name}'")
    for setting, value in _read_environment(environ):
        given[setting.name] = value
        origin[setting.name] = ("environment", f"variable '{setting.variable}'")
    for name, text in flags.items():
        setting = _BY_NAME[name]
        where = ("command line", f"flag '{setting.flag}'")
        given[name] = _read_text(setting, text, where)
        origin[name] = where
    _fill_in(given, environ, machine)
    settings = _build(given)
    _check_together(settings, origin)
    return settings


def _choose_file(config: Path | None, environ: Mapping[str, str], default: Path | None) -> tuple[Path | None, bool]:
    if config is not None:
        return config, True
    if variable := environ.get(CONFIG_VARIABLE):
        return Path(variable), True
    return default, False


def _read_file(file: Path) -> Iterable[tuple[Setting, Any]]:
    for key, value in _parse_file(file).items():
        if key in TABLES:
            if not isinstance(value, dict):
                raise ConfigError(
                    source=str(file),
                    key=f"key '{key}'",
                    what=f"is a table of settings: write [{key}] above its keys",
                )
            for inner, inner_value in value.items():
                yield _read_key(file, f"{key}.{inner}", inner_value)
        else:
            yield _read_key(file, key, value)


def _parse_file(file: Path) -> dict[str, Any]:  # Any: what tomllib gives
    import tomllib  # here, since a delivery without a file needs none of it

    try:
        with file.open("rb") as stream:
            octets = stream.read(LARGEST_CONFIG_OCTETS + 1)
        if len(octets) > LARGEST_CONFIG_OCTETS:
            raise ConfigError(
                source=str(file),
                key=None,
                what=f"is longer than {LARGEST_CONFIG_OCTETS} octets: name the right file",
            )
        return tomllib.loads(octets.decode("utf-8"))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ConfigError(
            source=str(file), key=None, what=f"cannot be read ({reason}): name a file that can be, with --config"
        ) from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            source=str(file), key=f"line {line}", what="is not UTF-8: save the file as UTF-8"
        ) from None
    except tomllib.TOMLDecodeError as error:
        found = _TOML_PLACE.fullmatch(str(error))
        place = f"line {found['line']}" if found and found["line"] else "end of the file" if found else None
        what = found["what"] if found else str(error)
        raise ConfigError(
            source=str(file), key=place, what=f"is not TOML ({what}): write settings as key = value, text in quotes"
        ) from None
    except RecursionError:
        raise ConfigError(source=str(file), key=None, what="is nested too deeply: name the right file") from None


def _read_key(file: Path, name: str, value: object) -> tuple[Setting, Any]:
    setting = _BY_NAME.get(name)
    key = f"key '{name}'"
    if setting is None:
        what = "no such table" if isinstance(value, dict) else "no such setting"
        names = list(TABLES) if isinstance(value, dict) else list(_BY_NAME)
        raise ConfigError(source=str(file), key=key, what=_unknown(what, name, names))
    try:
        return setting, setting.kind.from_toml(value)
    except ValueError as error:
        raise _not_allowed(setting.kind, value, error, (str(file), key)) from None


def _read_environment(environ: Mapping[str, str]) -> Iterable[tuple[Setting, Any]]:
    for variable in sorted(environ):
        if not variable.startswith(ENVIRONMENT_PREFIX) or variable in NO_SETTINGS:
            continue
        where = ("environment", f"variable '{variable}'")
        setting = _BY_VARIABLE.get(variable)
        if setting is None:
            what = _unknown("no such setting", variable, [*_BY_VARIABLE, CONFIG_VARIABLE])
            raise ConfigError(source=where[0], key=where[1], what=what)
        yield setting, _read_text(setting, environ[variable], where)


def _read_text(setting: Setting, text: str | Sequence[str], where: tuple[str, str]) -> Any:  # Any: of many kinds
    kind = setting.kind
    try:
        if isinstance(text, str):
            return kind.from_text(text)
        if isinstance(kind, ListOf):
            return kind.from_texts(text)
        return kind.from_text(text[-1])
    except ValueError as error:
        raise _not_allowed(kind, text, error, where) from None


def _unknown(what: str, name: str, names: Sequence[str]) -> str:
    from difflib import get_close_matches  # here, since only mistakes need it

    near = get_close_matches(name, names, n=1, cutoff=0.6)
    if not near:
        # A key in the wrong table: limits.hash_passes means auth.hash_passes.
        near = [each for each in names if each.rpartition(".")[2] == name.rpartition(".")[2]][:1]
    if near:
        return f"{what}; did you mean '{near[0]}'?"
    return f"{what}; see the list of settings, or take it out"


def _not_allowed(kind: Kind[Any], value: object, error: ValueError, where: tuple[str, str]) -> ConfigError:
    shown = as_typed(tuple(value) if isinstance(value, list) else value)
    if len(shown) > _MOST_SHOWN:
        shown = shown[: _MOST_SHOWN - 1] + "…"
    what = f"'{shown}' is not allowed ({error}): it has to be {kind.allowed}"
    return ConfigError(source=where[0], key=where[1], what=what)


def _fill_in(given: dict[str, Any], environ: Mapping[str, str], machine: str | None) -> None:
    """Set the defaults that depend on the machine and the person."""
    if "data" not in given:
        given["data"] = _default_data(environ)
    if "hostname" not in given:
        name = os.uname().nodename if machine is None else machine
        given["hostname"] = name if _HOST_OF_MACHINE.fullmatch(name) else "localhost"
    if "domains" not in given:
        given["domains"] = tuple(dict.fromkeys((given["hostname"], "localhost")))
    if "auth.mechanisms" not in given:
        # What was set up is meant to be used.
        by_certificate = ("EXTERNAL",) if given.get("tls.client_authorities") else ()
        by_token = ("OAUTHBEARER", "XOAUTH2") if any(map(given.get, _OF_TOKENS)) else ()
        given["auth.mechanisms"] = (*by_certificate, *by_token, "PLAIN", "LOGIN")
    given["domains"] = tuple(dict.fromkeys(domain.lower() for domain in given["domains"]))


def _default_data(environ: Mapping[str, str]) -> Path:
    if os.geteuid() == 0:
        return Path("/var/lib/restante")
    if (base := environ.get("XDG_DATA_HOME", "")).startswith("/"):
        return Path(base) / "restante"
    if home := environ.get("HOME"):
        return Path(home) / ".local/share/restante"
    raise ConfigError(
        source="environment",
        key="variable 'HOME'",
        what="is not set, so there is no data folder: give one with --data",
    )


def _build(given: Mapping[str, Any]) -> Settings:
    top: dict[str, Any] = {}  # Any: as above; each value was read by the kind of its field
    inner: dict[str, dict[str, Any]] = {table: {} for table in TABLES}
    for name, value in given.items():
        setting = _BY_NAME[name]
        (top if setting.table is None else inner[setting.table])[setting.key] = value
    return Settings(**top, **{table: model(**inner[table]) for table, model in TABLES.items()})


def _check_together(settings: Settings, origin: Mapping[str, tuple[str, str]]) -> None:
    """Check the settings that bound each other; the one that was given is told, the later source first."""
    pairs = (
        (
            "delivery.message_octets",
            settings.delivery.message_octets,
            "delivery.octets_at_once",
            settings.delivery.octets_at_once,
        ),
        ("auth.hash_lanes", settings.auth.hash_lanes * 8, "auth.hash_memory_kib", settings.auth.hash_memory_kib),
    )
    for small, least, large, value in pairs:
        if value >= least:
            continue
        source, key = origin.get(large) or origin[small]
        factor = "8 times " if small == "auth.hash_lanes" else ""
        what = f"'{large}' has to be at least {factor}'{small}', so {least} or more, and is {value}: raise it"
        raise ConfigError(source=source, key=key, what=what)
    for name, what_needs, needed, given_too in _needed(settings):
        if not given_too:
            source, key = origin.get(name) or ("settings", f"'{name}'")
            what = f"{what_needs} needs '{needed}': give it, or leave {what_needs} out"
            raise ConfigError(source=source, key=key, what=what)


def _needed(settings: Settings) -> Iterable[tuple[str, str, str, object]]:
    """Say which setting needs which other one, and give that one's value."""
    oauth, passwd_file, ldap = settings.oauth, settings.passwd_file, settings.ldap
    for mechanism in settings.auth.mechanisms:
        if mechanism == "EXTERNAL":
            yield "auth.mechanisms", mechanism, "tls.client_authorities", settings.tls.client_authorities
        if mechanism in ("OAUTHBEARER", "XOAUTH2"):
            yield "auth.mechanisms", mechanism, "oauth.issuer", oauth.issuer or oauth.introspection_url
    if oauth.issuer:
        yield "oauth.issuer", "an issuer", "oauth.audience", oauth.audience
    if oauth.introspection_url:
        yield "oauth.introspection_url", "introspection", "oauth.audience", oauth.audience
        yield "oauth.introspection_url", "introspection", "oauth.client_id", oauth.client_id
        yield "oauth.introspection_url", "introspection", "oauth.client_secret_file", oauth.client_secret_file
    if AccountSourceName.PASSWD_FILE in settings.accounts.sources:
        yield "accounts.sources", "passwd-file", "passwd_file.path", passwd_file.path
    if AccountSourceName.LDAP in settings.accounts.sources:
        yield "accounts.sources", "ldap", "ldap.url", ldap.url


def _shown(text: str) -> str:
    """Escape control characters: keys and values may come from anybody's file."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in text)
