"""The server for other people's tests, and the fixture that gives it."""

import smtplib
import ssl
from collections.abc import Iterator
from poplib import POP3

import pytest

from restante.testing.running import RunningServer, ServerDidNotStart

pytest_plugins = ["pytester"]


@pytest.fixture
def server() -> Iterator[RunningServer]:
    with RunningServer() as running:
        yield running


def test_mail_goes_in_by_smtp_and_out_by_pop3(server: RunningServer) -> None:
    server.add_account("ted", "SECRET")
    with smtplib.SMTP(*server.smtp) as door:
        door.sendmail("alice@example.org", ["ted@localhost"], "Subject: Hello\n\nTed\n")
    (kept,) = server.messages("ted")
    assert kept.endswith(b"Subject: Hello\r\n\r\nTed\r\n")
    session = POP3(*server.pop3)
    session.user("ted")
    session.pass_("SECRET")
    assert b"\r\n".join(session.retr(1)[1]) + b"\r\n" == kept
    session.quit()
    assert "ted" in server.log


def test_mail_goes_in_under_tls_by_starttls_and_from_the_first_octet(server: RunningServer) -> None:
    server.add_account("ted", "SECRET")
    trust = ssl.create_default_context(cafile=str(server.certificate))
    with smtplib.SMTP(*server.smtp) as door:
        door.starttls(context=trust)
        door.sendmail("alice@example.org", ["ted@localhost"], "Subject: one\n\n")
    with smtplib.SMTP_SSL(*server.smtps, context=trust) as door:
        with pytest.raises(smtplib.SMTPSenderRefused):
            door.sendmail("alice@example.org", ["ted@localhost"], "Subject: nobody\n\n")
        door.login("ted", "SECRET")
        assert door.auth("LOGIN", door.auth_login)[0] == 503  # once
        door.sendmail("alice@example.org", ["ted@localhost"], "Subject: two\n\n")
    with smtplib.SMTP_SSL(*server.smtps, context=trust) as door:
        door.ehlo()
        door.user, door.password = "ted", "SECRET"
        assert door.auth("LOGIN", door.auth_login)[0] == 235
    assert [b"with ESMTPS id" in kept for kept in server.messages("ted")] == [True, False]
    assert [b"with ESMTPSA id" in kept for kept in server.messages("ted")] == [False, True]


def test_a_message_put_in_by_hand_comes_out_as_it_is(server: RunningServer) -> None:
    server.add_account("ted", "SECRET")
    server.deliver("ted", b"Subject: x\n\n.\n..\n")
    assert server.messages("ted") == [b"Subject: x\r\n\r\n.\r\n..\r\n"]
    with pytest.raises(LookupError, match="add_account"):
        server.deliver("nobody", b"")


def test_a_server_that_cannot_start_says_why() -> None:
    with pytest.raises(ServerDidNotStart, match="bogus"), RunningServer(arguments=["--bogus"]):
        pass


def test_the_fixture_is_there_without_an_import(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_it(restante):
            restante.add_account("ted", "SECRET")
            restante.deliver("ted", b"Subject: x")
            assert restante.messages("ted") == [b"Subject: x" + bytes([13, 10])]
        """
    )
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)
