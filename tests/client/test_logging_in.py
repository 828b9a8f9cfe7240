"""The login: RFC 1939 §7, RFC 5034 §4, RFC 5802, and what is never done by itself (CVE-2007-1558)."""

from __future__ import annotations

import base64

import pytest
from tests.client.rig import open_session
from tests.recorded.replay import scripted

from restante.client.faults import LoginImpossible, LoginRefused, ProtocolFault, UnusableArgument
from restante.client.server import Login
from restante.proto.terms import Secret


def announcing(*tags: str, greeting: str = "+OK") -> str:
    return "".join(
        f"{line}\n"
        for line in (f"S: {greeting}", "C: CAPA", "S: +OK", *(f"S: {tag}" for tag in tags), "S: PIPELINING", "S: .")
    )


def by(mechanism: str | None, password: str = "secret") -> Login:
    return Login.by_password("ted", password, mechanism=mechanism)


PLAIN_RESPONSE = base64.b64encode(b"\0ted\0secret").decode()


@pytest.mark.rule("C2", "A7")
def test_apop_sends_the_digest_over_the_timestamp() -> None:
    # The vector of RFC 1939 §7, whose user is mrose.
    replay = scripted(
        announcing(greeting="+OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>")
        + "C: APOP mrose c4c9334bac560ecc979e58001b3e22fb\nS: +OK\n"
    )
    open_session(replay, Login.by_password("mrose", "tanstaaf", mechanism="apop"))


@pytest.mark.rule("A7")
@pytest.mark.parametrize("tags", [("SASL CRAM-MD5",), ()])
def test_neither_apop_nor_cram_md5_is_chosen_by_itself(tags: tuple[str, ...]) -> None:
    replay = scripted(
        announcing(*tags, greeting="+OK <1896.697170952@dbc.mtview.ca.us>")
        + "C: USER ted\nS: +OK\nC: PASS secret\nS: +OK\n"
    )
    open_session(replay)


def test_cram_md5_is_taken_by_name() -> None:
    # RFC 2195 §2's challenge and response, with its user and its secret.
    challenge = base64.b64encode(b"<1896.697170952@postoffice.reston.mci.net>").decode()
    response = base64.b64encode(b"tim b913a602c7eda7a495b4e6e7334d3890").decode()
    replay = scripted(
        announcing("SASL CRAM-MD5 PLAIN") + f"C: AUTH CRAM-MD5\nS: + {challenge}\nC: {response}\nS: +OK\n"
    )
    open_session(replay, Login.by_password("tim", "tanstaaftanstaaf", mechanism="CRAM-MD5"))


@pytest.mark.rule("A1")
def test_the_initial_response_is_on_the_line_of_the_command() -> None:
    open_session(scripted(announcing("SASL LOGIN PLAIN") + f"C: AUTH PLAIN {PLAIN_RESPONSE}\nS: +ok\n"))


@pytest.mark.rule("A1")
def test_a_line_that_would_pass_255_octets_goes_in_two_steps() -> None:
    password = "s" * 200
    response = base64.b64encode(b"\0ted\0" + password.encode()).decode()
    replay = scripted(announcing("SASL PLAIN") + f"C: AUTH PLAIN\nS: + \nC: {response}\nS: +OK\n")
    open_session(replay, by(None, password))


def test_without_a_mechanism_in_common_user_and_pass_are_taken() -> None:
    replay = scripted(announcing("SASL NTLM GSSAPI") + "C: USER ted\nS: +OK\nC: PASS se cret \nS: +OK\n")
    open_session(replay, by(None, "se cret "))


def test_a_token_never_goes_by_user_and_pass() -> None:
    replay = scripted(announcing("SASL PLAIN"))
    with pytest.raises(LoginImpossible):
        open_session(replay, Login(name="ted", token=Secret(b"t")))
    assert replay.said == [b"CAPA"]


def test_a_token_goes_by_oauthbearer() -> None:
    response = base64.b64encode(b"n,a=ted,\1host=pop.example.org\1port=110\1auth=Bearer tok\1\1").decode()
    replay = scripted(announcing("SASL PLAIN XOAUTH2 OAUTHBEARER") + f"C: AUTH OAUTHBEARER {response}\nS: +OK\n")
    open_session(replay, Login.by_token("ted", "tok"))


@pytest.mark.rule("A5")
def test_a_refused_token_is_told_with_what_the_server_wants() -> None:
    error = base64.b64encode(b'{"status":"invalid_token","scope":"mail"}').decode()
    response = base64.b64encode(b"n,a=ted,\1host=pop.example.org\1port=110\1auth=Bearer tok\1\1").decode()
    replay = scripted(
        announcing("SASL OAUTHBEARER")
        + f"C: AUTH OAUTHBEARER {response}\nS: + {error}\nC: AQ==\nS: -ERR [AUTH] no\n"
    )
    with pytest.raises(LoginRefused) as raised:
        open_session(replay, Login.by_token("ted", "tok"))
    assert "mail" in str(raised.value.__cause__)


@pytest.mark.rule("A6")
def test_a_yes_that_scram_did_not_earn_closes_the_connection() -> None:
    replay = scripted(announcing("SASL SCRAM-SHA-256 PLAIN") + "C* AUTH SCRAM-SHA-256 biws\nS: +OK\n")
    with pytest.raises(ProtocolFault, match="SCRAM-SHA-256"):
        open_session(replay)
    assert replay.closed
    assert len(replay.said) == 2


@pytest.mark.rule("A6")
def test_without_tls_a_refused_scram_is_not_followed_by_what_shows_the_password() -> None:
    replay = scripted(announcing("SASL SCRAM-SHA-256 PLAIN") + "C* AUTH SCRAM-SHA-256 biws\nS: -ERR [AUTH] no\n")
    with pytest.raises(LoginRefused):
        open_session(replay)
    assert len(replay.said) == 2


@pytest.mark.parametrize("mechanism", ["DIGEST-MD5", "SCRAM-SHA-256", "EXTERNAL"])
def test_a_mechanism_that_cannot_be_had_sends_nothing(mechanism: str) -> None:
    replay = scripted(announcing("SASL PLAIN", "USER"))
    with pytest.raises(LoginImpossible):
        open_session(replay, by(mechanism))
    assert replay.said == [b"CAPA"]


def test_a_mechanism_by_name_is_tried_where_there_is_no_capa() -> None:
    replay = scripted(f"S: +OK\nC: CAPA\nS: -ERR\nC: AUTH PLAIN {PLAIN_RESPONSE}\nS: +OK\n")
    open_session(replay, by("PLAIN"))


def test_who_acts_as_another_needs_a_mechanism_that_can() -> None:
    login = Login(name="ted", password=Secret(b"secret"), act_as="amy", mechanism="USER")
    replay = scripted(announcing("USER"))
    with pytest.raises(UnusableArgument, match="act_as"):
        open_session(replay, login)
    response = base64.b64encode(b"amy\0ted\0secret").decode()
    open_session(
        scripted(announcing("SASL PLAIN") + f"C: AUTH PLAIN {response}\nS: +OK\n"),
        Login(name="ted", password=Secret(b"secret"), act_as="amy"),
    )


def test_a_name_that_is_refused_ends_the_login_before_the_password() -> None:
    replay = scripted(announcing("USER") + "C: USER ted\nS: -ERR who?\n")
    with pytest.raises(LoginRefused, match="who"):
        open_session(replay)
    assert replay.said == [b"CAPA", b"USER ted"]


def test_a_login_shows_no_secret() -> None:
    assert "secret" not in repr(by(None))
    assert "ya29" not in repr(Login.by_token("ted", "ya29"))
