"""Python's poplib reads and deletes mail; its smtplib brings it, by SMTP and by LMTP."""

from __future__ import annotations

import poplib
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.e2e.bed import WAIT_SECONDS, Bed, Owner, assert_is_delivery_of, canonical
from tests.e2e.corpus import CORPUS, DOTS, MULTIPART, PLAIN


@contextmanager
def session(bed: Bed, owner: Owner | None = None) -> Iterator[poplib.POP3]:
    """Open a session by poplib, logged in when an owner is given."""
    client = poplib.POP3("127.0.0.1", bed.port("pop3"), timeout=WAIT_SECONDS)
    try:
        if owner:
            client.user(owner.name)
            client.pass_(owner.password)
        yield client
    finally:
        client.close()


def joined(lines: list[bytes]) -> bytes:
    """Put the lines that poplib gives together again."""
    return b"".join(line + b"\r\n" for line in lines)


@pytest.mark.rule("L7", "C5", "C6")
@pytest.mark.parametrize("kind", [kind for kind in CORPUS if kind != "dots"])
def test_poplib_retrieves_what_was_sent_octet_for_octet(bed: Bed, kind: str) -> None:
    with session(bed, owner := bed.account(CORPUS[kind])) as client:
        _, lines, octets = client.retr(1)
        client.quit()
    assert_is_delivery_of(joined(lines), CORPUS[kind])
    assert [len(joined(lines))] == [len(message) for message in bed.mail(owner)]
    assert octets == len(joined(lines))


@pytest.mark.rule("L7", "C6")
def test_poplib_retrieves_dots_once_its_own_bound_on_lines_is_raised(
    bed: Bed, monkeypatch: pytest.MonkeyPatch
) -> None:
    # poplib refuses lines of more than 2048 octets, which is legal mail to everybody else.
    monkeypatch.setattr(poplib, "_MAXLINE", 10_000)
    with session(bed, bed.account(DOTS)) as client:
        assert_is_delivery_of(joined(client.retr(1)[1]), DOTS)
        client.quit()


@pytest.mark.rule("C3", "C4", "C5")
def test_poplib_sees_drop_listing_scan_listing_and_messages_agree(bed: Bed) -> None:
    with session(bed, bed.account(PLAIN, MULTIPART, CORPUS["mixed_line_ends"])) as client:
        count, octets = client.stat()
        sizes = [int(line.split()[1]) for line in client.list()[1]]
        assert count == len(sizes) == 3
        assert sum(sizes) == octets
        assert sizes == [len(joined(client.retr(number)[1])) for number in (1, 2, 3)]
        client.quit()


@pytest.mark.rule("S5", "C7")
def test_poplib_deletes_at_quit_and_not_before(bed: Bed) -> None:
    owner = bed.account(PLAIN, MULTIPART)
    with session(bed, owner) as client:
        client.dele(1)
        assert client.stat()[0] == 1
    assert len(bed.mail(owner)) == 2, "a session without QUIT removed something"
    with session(bed, owner) as client:
        client.dele(1)
        assert client.quit().startswith(b"+OK")
    (left,) = bed.mail(owner)
    assert_is_delivery_of(left, MULTIPART)


@pytest.mark.rule("C7")
def test_poplib_takes_its_deletion_marks_off(bed: Bed) -> None:
    owner = bed.account(PLAIN, MULTIPART)
    with session(bed, owner) as client:
        client.dele(1)
        client.dele(2)
        client.rset()
        client.noop()
        client.quit()
    assert len(bed.mail(owner)) == 2


@pytest.mark.rule("C8")
def test_poplib_looks_at_the_top_of_a_message(bed: Bed) -> None:
    with session(bed, bed.account(DOTS)) as client:
        lines = client.top(1, 2)[1]
        assert lines[-3:] == [b"", b".starts with a dot", b"."]
        assert client.top(1, 0)[1] == lines[:-2]
        client.quit()


@pytest.mark.rule("C10", "C11", "L9")
def test_poplib_reads_the_capabilities_before_and_after_login(bed: Bed) -> None:
    with session(bed) as client:
        before = client.capa()
    with session(bed, bed.account()) as client:
        after = client.capa()
        client.quit()
    # STLS alone goes: it is announced where it would be accepted, and after a login it is not.
    assert set(before) - {"STLS"} == set(after)
    assert {"TOP", "UIDL", "USER", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING", "IMPLEMENTATION"} <= set(after)
    assert after["EXPIRE"] == ["NEVER"]


@pytest.mark.rule("C12")
@pytest.mark.parametrize("known", [True, False])
def test_poplib_is_told_that_the_credentials_are_at_fault(bed: Bed, known: bool) -> None:
    owner = bed.account() if known else Owner(name="nobody-here", password="SECRET")
    with session(bed) as client:
        client.user(owner.name)
        with pytest.raises(poplib.error_proto, match=r"-ERR \[AUTH\]"):
            client.pass_("WRONG")


@pytest.mark.rule("S2")
def test_poplib_is_told_that_the_maildrop_is_in_use(bed: Bed) -> None:
    owner = bed.account()
    with session(bed, owner), session(bed) as client:
        client.user(owner.name)
        with pytest.raises(poplib.error_proto, match=r"-ERR \[IN-USE\]"):
            client.pass_(owner.password)


@pytest.mark.rule("C2")
def test_poplib_logs_in_by_apop() -> None:
    with Bed() as bed:
        owner = bed.account(PLAIN)
        enabled = bed.cli("account", "apop", owner.name, "--enable", "--password-stdin", given=b"SECRET\n")
        assert enabled.code == 0, enabled.said
        with session(bed) as client:
            client.apop(owner.name, "SECRET")
            assert client.stat()[0] == 1
            client.quit()


@pytest.mark.rule("C9")
def test_poplib_gets_unique_ids_that_outlive_a_restart() -> None:
    with Bed() as bed:
        owner = bed.account(PLAIN, PLAIN, MULTIPART)
        with session(bed, owner) as client:
            before = client.uidl()[1]
            client.dele(2)
            client.quit()
        bed.stop()
        bed.start()
        bed.deliver(owner, PLAIN)
        with session(bed, owner) as client:
            after = client.uidl()[1]
            client.quit()
    ids = [line.split()[1] for line in before]
    assert [line.split()[1] for line in after[:2]] == [ids[0], ids[2]]
    assert after[2].split()[1] not in ids


@pytest.mark.rule("M1")
@pytest.mark.parametrize("kind", list(CORPUS))
def test_smtplib_sends_what_arrives_in_canonical_form(bed: Bed, kind: str) -> None:
    owner = bed.account()
    with smtplib.SMTP("127.0.0.1", bed.port("smtp"), timeout=WAIT_SECONDS) as client:
        # smtplib stuffs dots after bare LF too, so it is given canonical octets.
        refused = client.sendmail(
            "alice@example.org",
            [f"{owner.name}@localhost"],
            canonical(CORPUS[kind]),
            mail_options=["BODY=8BITMIME"],
        )
    assert refused == {}
    (message,) = bed.mail(owner)
    assert_is_delivery_of(message, CORPUS[kind])


@pytest.mark.rule("M2")
def test_smtplib_gets_an_answer_for_each_recipient_by_lmtp(bed: Bed) -> None:
    here, also_here = bed.account(), bed.account()
    address = bed.address("lmtp")
    assert isinstance(address, str)
    recipients = [f"{here.name}@localhost", "nobody-here@localhost", f"{also_here.name}@localhost"]
    client = smtplib.LMTP(address)
    refused = client.sendmail("alice@example.org", recipients, PLAIN)
    client.quit()
    assert [(name, answer[0]) for name, answer in refused.items()] == [("nobody-here@localhost", 550)]
    for owner in (here, also_here):
        (message,) = bed.mail(owner)
        assert_is_delivery_of(message, PLAIN)
        assert f"Delivered-To: {owner.name}\r\n".encode() in message


def test_smtplib_may_not_relay(bed: Bed) -> None:
    with smtplib.SMTP("127.0.0.1", bed.port("smtp"), timeout=WAIT_SECONDS) as client:
        with pytest.raises(smtplib.SMTPRecipientsRefused) as caught:
            client.sendmail("alice@example.org", ["bob@elsewhere.example"], PLAIN)
        assert 500 <= caught.value.recipients["bob@elsewhere.example"][0] < 600


def test_smtplib_is_told_the_size_limit_before_it_sends(bed: Bed) -> None:
    with smtplib.SMTP("127.0.0.1", bed.port("smtp"), timeout=WAIT_SECONDS) as client:
        client.ehlo()
        limit = int(client.esmtp_features["size"])
        code, _ = client.mail("alice@example.org", [f"SIZE={limit + 1}"])
        assert code == 552
