from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.mail_accounts.rig import TWO_ACCOUNTS

from restante.client import Security
from restante.mail_accounts.faults import AccountFileFault
from restante.mail_accounts.model import KEYRING, InCommand, InEnvironment, InFile, OAuth
from restante.mail_accounts.reading import LARGEST_FILE_OCTETS, find_account, load_accounts, read_accounts
from restante.submission import SubmissionSecurity

FILE = Path("/home/ted/.config/restante/accounts.toml")
SMALL = '[accounts.ted]\naddress = "ted@example.org"\n{}\n[accounts.ted.pop3]\nhost = "pop.example.org"\n{}'


def read(text: str) -> object:
    return read_accounts(text.encode(), FILE)


def test_an_account_has_its_servers_its_names_and_the_place_of_its_secret() -> None:
    accounts = read_accounts(TWO_ACCOUNTS.encode(), FILE)
    assert list(accounts.by_name) == ["ted", "work"]
    assert accounts.default == "ted"
    ted = accounts.by_name["ted"]
    assert (ted.address, ted.display_name, ted.login) == ("ted@example.org", "Ted Example", "ted@example.org")
    assert ted.credential == InCommand(command="pass show mail/ted")
    assert ted.pop3 is not None
    assert (ted.pop3.address, ted.pop3.security) == ("pop.example.org:995", Security.TLS)
    assert ted.smtp is not None
    assert (ted.smtp.address, ted.smtp.security) == ("smtp.example.org:587", SubmissionSecurity.STARTTLS)
    assert (ted.smtp_login, ted.smtp_credential) == ("sender", InEnvironment(variable="SENDER"))
    work = accounts.by_name["work"]
    assert work.login == r"EXAMPLE\ted"
    assert isinstance(work.credential, OAuth)
    assert work.credential.token_url.startswith("https://login.microsoftonline.com/")
    assert "offline_access" in work.credential.scopes
    assert work.credential.refresh_token == InFile(path=FILE.parent / "work.token")
    assert work.pop3 is not None
    assert work.pop3.pinned == bytes(32)


def test_one_account_alone_is_the_default_and_its_secret_is_in_the_keyring() -> None:
    accounts = read_accounts(SMALL.format("", "").encode(), FILE)
    assert accounts.default == "ted"
    assert find_account(accounts, None).credential == KEYRING


def test_an_account_is_found_by_its_name_and_by_its_address() -> None:
    accounts = read_accounts(TWO_ACCOUNTS.encode(), FILE)
    assert find_account(accounts, "work").name == "work"
    assert find_account(accounts, "T.Example@example.com").name == "work"
    with pytest.raises(AccountFileFault, match="'nobody' is no account here: name one of ted, work"):
        find_account(accounts, "nobody")


def test_without_a_file_there_are_no_accounts_and_that_says_how_to_make_one(tmp_path: Path) -> None:
    accounts = load_accounts(tmp_path / "none.toml")
    with pytest.raises(AccountFileFault, match="there is no account yet: 'restante setup ADDRESS' makes one"):
        find_account(accounts, None)


def test_several_accounts_without_a_default_are_not_guessed_among() -> None:
    accounts = read_accounts(TWO_ACCOUNTS.replace('default = "ted"', "").encode(), FILE)
    with pytest.raises(AccountFileFault, match="several accounts and no default: name one of ted, work"):
        find_account(accounts, None)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x = 1", "key 'x': no such key; there are default, accounts"),
        ("accounts = 1", r"key 'accounts': is a table: write \[accounts\] above its keys"),
        ('[accounts."a b"]\naddress = "a@b"', "cannot name an account"),
        ("[accounts.ted]\n", "key 'accounts.ted.address': is missing"),
        ('[accounts.ted]\naddress = "ted"', "key 'accounts.ted.address': is no address"),
        ('[accounts.ted]\naddress = "t@e.org"', r"key 'accounts.ted.pop3': is missing, and smtp too"),
        (SMALL.format('adress = "x"', ""), "key 'accounts.ted.adress': no such key; did you mean 'address'"),
        (SMALL.format('password = "hunter2"', ""), "a secret itself does not stand here; give password_command"),
        (SMALL.format('password_env="A"\npassword_file="b"', ""), "stands beside"),
        (SMALL.format("", "port = 0"), "key 'accounts.ted.pop3.port': is a number from 1 to 65535"),
        (SMALL.format("", 'port = "995"'), "key 'accounts.ted.pop3.port': is a whole number"),
        (SMALL.format("", "port = true"), "is a whole number"),
        (SMALL.format("", 'security = "ssl"'), "is 'ssl': write one of tls, stls, plain"),
        (SMALL.format("", 'fingerprint = "12"'), "key 'accounts.ted.pop3.fingerprint': is the SHA-256"),
        (
            SMALL.format("", "fingerprint = 12"),
            "key 'accounts.ted.pop3.fingerprint': is a text: write it in quotes",
        ),
        (SMALL.format("", 'fingerprint = ""'), "fingerprint': is empty: give it a value, or take the line away"),
        (SMALL.format('login = "a\\nb"', ""), "holds a control character"),
        (SMALL.format("", '[accounts.ted.oauth]\nprovider="aol"'), "is 'aol': write one of google, microsoft"),
        (SMALL.format("", '[accounts.ted.oauth]\nclient_id="1"'), "key 'accounts.ted.oauth.token_url': is missing"),
        (
            SMALL.format("", '[accounts.ted.oauth]\nclient_id="1"\ntoken_url="http://x.example/"'),
            "is not safe on its way",
        ),
        ('default = "x"\n' + SMALL.format("", ""), "key 'default': names 'x', which is no account here"),
        ("= 1", "is not TOML .*line 1"),
    ],
)
def test_what_is_wrong_is_told_by_file_and_key_and_with_what_to_do(text: str, told: str) -> None:
    with pytest.raises(AccountFileFault, match=told) as caught:
        read(text)
    assert str(caught.value).startswith(f"{FILE}: ")
    assert "hunter2" not in str(caught.value)


def test_what_is_not_utf8_is_told_by_its_line() -> None:
    with pytest.raises(AccountFileFault, match="line 2: is not UTF-8"):
        read_accounts(b'default = "a"\n\xff', FILE)


def test_a_huge_file_is_not_read_whole(tmp_path: Path) -> None:
    file = tmp_path / "big.toml"
    file.write_bytes(b"#" * (LARGEST_FILE_OCTETS + 1))
    with pytest.raises(AccountFileFault, match="is longer than 1048576 octets"):
        load_accounts(file)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(AccountFileFault, match=r"cannot be read \(is a directory\)"):
        load_accounts(tmp_path)


@given(st.binary(max_size=300))
def test_any_octets_are_accounts_or_one_kind_of_fault(octets: bytes) -> None:
    try:
        read_accounts(octets, FILE)
    except AccountFileFault as fault:
        told = str(fault)
    else:
        return
    assert told.startswith(f"{FILE}: ")


WORDS = st.sampled_from(["address", "login", "password", "password_file", "pop3", "smtp", "oauth", "name", "x"])
VALUES = st.recursive(
    st.one_of(st.integers(), st.booleans(), st.text(max_size=5).map(lambda text: text.replace("\0", ""))),
    lambda inner: st.dictionaries(WORDS, inner, max_size=4) | st.lists(inner, max_size=2),
    max_leaves=8,
)


@given(st.dictionaries(WORDS, VALUES, max_size=5))
def test_any_value_under_any_key_is_an_account_or_one_kind_of_fault(entry: dict[str, object]) -> None:
    import tomlkit

    octets = tomlkit.dumps({"accounts": {"ted": entry}}).encode("utf-8", "replace")
    try:
        read_accounts(octets, FILE)
    except AccountFileFault as fault:
        told = str(fault)
    else:
        return
    assert told.startswith(f"{FILE}: ")
