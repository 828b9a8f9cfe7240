"""Sessions over the link in memory: RFC 1939 §4–7, RFC 2449 §5 and §8, RFC 3206 §4–6, RFC 6856 §2–3 and §5."""

import asyncio
import base64
import re
import ssl
from collections.abc import Callable, Generator, Sequence
from typing import NoReturn

import pytest

from restante.accounts.throttle import Throttle
from restante.doors.channel import NO_CHANNEL
from restante.doors.gate import Gate, GateLimits, Places
from restante.doors.security import Plaintext, Security
from restante.maildrop.downgrade import downgraded
from restante.ports.accounts import Judgement, RefusalReason, Refused, Unavailable, Verdict
from restante.ports.events import (
    CommandReceived,
    FaultMet,
    LoginDeferred,
    LoginRefused,
    MaildropBusy,
    Outcome,
    SessionEnded,
    UpdateFailed,
)
from restante.ports.soon import Later, Soon
from restante.ports.stores import StoreFault, TooSoon
from restante.proto.capabilities import CAPABILITIES
from restante.proto.terms import ResponseCode, Secret, State
from restante.sasl.terms import Request, TokenDenied
from restante.server.languages import Text
from restante.server.limits import Limits
from restante.server.wording import Wording
from restante.stores.memory import MemoryStore
from restante.testing.link import (
    Link,
    LinkServer,
    RecordingListener,
    ScriptedAuthenticator,
    scripted_account,
)

PLAIN = b"Subject: one\r\n\r\nHello Ted\r\n"
DOTS = b"Subject: two\r\n\r\n.\r\n..\r\n.leading\r\nend\r\n"
LONG = b"Subject: three\r\n\r\n" + b".long line of a long message\r\n" * 10_000


def store_with(*messages: bytes, name: str = "Ted") -> MemoryStore:
    store = MemoryStore()

    async def fill() -> None:
        for message in messages:
            await (await store.stage(scripted_account(name), [message])).publish()

    asyncio.run(fill())
    return store


def server_with(
    *messages: bytes,
    limits: Limits | None = None,
    apop: bool = False,
    security: Security | None = None,
    wire: bool = False,
) -> LinkServer:
    return LinkServer(
        store_with(*messages),
        ScriptedAuthenticator({"Ted": b"SECRET", "Bob": b"hunter2"}, apop=apop),
        limits=limits,
        security=security,
        tell=RecordingListener(wants_wire=wire),
    )


def logged_in(*messages: bytes, limits: Limits | None = None) -> tuple[LinkServer, Link]:
    server = server_with(*messages, limits=limits)
    link = Link(server)
    assert link.say("USER Ted", "PASS SECRET")[1].startswith("+OK")
    return server, link


def ended(server: LinkServer) -> SessionEnded:
    (event,) = [event for event in server.told.events if isinstance(event, SessionEnded)]
    return event


def left(server: LinkServer) -> int:
    """How many messages a new session finds."""
    answer = (link := Link(server)).say("USER Ted", "PASS SECRET", "STAT")[2]
    link.say("QUIT")
    return int(answer.split()[1])


class TestAuthorization:
    @pytest.mark.rule("C2")
    def test_without_apop_the_greeting_has_no_angle_bracket(self) -> None:
        greeting = bytes(Link(server_with()).received)
        assert greeting.startswith(b"+OK ")
        assert b"<" not in greeting

    @pytest.mark.rule("C2")
    def test_with_apop_the_greeting_carries_a_msg_id_that_is_different_each_time(self) -> None:
        server = server_with(apop=True)
        greetings = {bytes(Link(server).received) for _ in range(100)}
        assert len(greetings) == 100
        assert all(re.fullmatch(rb"\+OK .*<[!-;=?-~]+@mail\.example\.org>\r\n", greeting) for greeting in greetings)

    @pytest.mark.rule("C2")
    def test_apop_logs_in_with_the_digest_over_the_timestamp_and_the_secret(self) -> None:
        import hashlib

        link = Link(server_with(PLAIN, apop=True))
        timestamp = bytes(link.received)[bytes(link.received).index(b"<") : -2]
        digest = hashlib.md5(timestamp + b"SECRET").hexdigest()
        assert link.say(f"APOP Ted {digest}", "STAT")[1] == f"+OK 1 {len(PLAIN)}"

    def test_apop_is_refused_where_the_greeting_carries_no_timestamp(self) -> None:
        assert Link(server_with()).say("APOP Ted 00")[0].startswith("-ERR")

    @pytest.mark.rule("C1")
    def test_user_is_answered_alike_for_names_that_exist_and_that_do_not(self) -> None:
        link = Link(server_with())
        assert link.say("USER Ted")[0] == link.say("USER nobody")[0]

    @pytest.mark.rule("C12", "S8")
    def test_every_refusal_looks_the_same_on_the_wire_and_is_told_apart_in_the_log(self) -> None:
        server = server_with()

        class Locking(ScriptedAuthenticator):
            def verify_password(self, name: bytes, password: Secret) -> Soon[Verdict]:
                return Refused(reason=RefusalReason.LOCKED)

        wrong = Link(server).say("USER Ted", "PASS wrong")[1]
        unknown = Link(server).say("USER nobody", "PASS SECRET")[1]
        locked_server = LinkServer(store_with(), Locking({}))
        locked = Link(locked_server).say("USER Ted", "PASS SECRET")[1]
        assert wrong == unknown == locked
        assert wrong.startswith("-ERR [AUTH] ")
        reasons = [e.reason for e in server.told.events + locked_server.told.events if isinstance(e, LoginRefused)]
        assert reasons == [RefusalReason.WRONG_PASSWORD, RefusalReason.UNKNOWN_NAME, RefusalReason.LOCKED]

    @pytest.mark.rule("C12")
    def test_a_system_that_cannot_judge_is_sys_temp_and_the_session_goes_on(self) -> None:
        class Overworked(ScriptedAuthenticator):
            def verify_password(self, name: bytes, password: Secret) -> Soon[Verdict]:
                return Unavailable(reason="too many logins wait for a hash")

        server = LinkServer(store_with(), Overworked({}))
        link = Link(server)
        assert link.say("USER Ted", "PASS SECRET")[1].startswith("-ERR [SYS/TEMP] ")
        assert link.say("USER Ted")[0].startswith("+OK")
        assert [e.reason for e in server.told.events if isinstance(e, LoginDeferred)] == [
            "too many logins wait for a hash"
        ]

    def test_logins_that_cannot_be_judged_are_not_tried_for_ever_in_one_session(self) -> None:
        class Overworked(ScriptedAuthenticator):
            def verify_password(self, name: bytes, password: Secret) -> Soon[Verdict]:
                return Unavailable(reason="too many logins wait for a hash")

        server = LinkServer(store_with(), Overworked({}), limits=Limits(bad_commands=10))
        link = Link(server)
        link.send(b"USER Ted\r\nPASS x\r\n" * 100)
        assert link.closed
        assert len([event for event in server.told.events if isinstance(event, LoginDeferred)]) == 10

    @pytest.mark.rule("S2")
    def test_a_maildrop_in_use_is_told_only_after_the_credentials_proved_right(self) -> None:
        server, _holder = logged_in(PLAIN)
        link = Link(server, peer="127.0.0.9")
        assert link.say("USER Ted", "PASS wrong")[1].startswith("-ERR [AUTH]")
        busy = link.say("USER Ted", "PASS SECRET")[1]
        assert busy.startswith("-ERR [IN-USE] ")
        assert "since 2001-09-09 02:03:20 UTC, from 127.0.0.1" in busy
        assert [type(e) for e in server.told.events if isinstance(e, MaildropBusy)] == [MaildropBusy]
        # The session is back in AUTHORIZATION, and usable.
        assert link.say("STAT")[0].startswith("-ERR")
        assert link.say("USER Ted")[0].startswith("+OK")

    @pytest.mark.rule("C11", "L9")
    def test_a_login_that_comes_too_soon_is_told_when_to_come_again(self) -> None:
        class Strict(MemoryStore):
            def open(self, account: object, holder: object) -> NoReturn:
                raise TooSoon(42)

        server = LinkServer(Strict(), ScriptedAuthenticator({"Ted": b"SECRET"}))
        link = Link(server)
        answer = link.say("USER Ted", "PASS SECRET")[1]
        assert answer.startswith("-ERR [LOGIN-DELAY] ")
        assert "42 s" in answer
        assert [type(event) for event in server.told.events if isinstance(event, LoginDeferred)] == [LoginDeferred]
        assert link.say("STAT", "USER Ted")[1].startswith("+OK")

    @pytest.mark.rule("S2")
    def test_the_lock_goes_with_the_session_that_held_it(self) -> None:
        ends: list[Callable[[Link], object]] = [lambda link: link.say("QUIT"), Link.break_off]
        for end in ends:
            server, link = logged_in(PLAIN)
            end(link)
            assert Link(server).say("USER Ted", "PASS SECRET")[1].startswith("+OK")

    @pytest.mark.rule("S4")
    def test_quit_before_login_is_ok_and_closes(self) -> None:
        server = server_with(PLAIN)
        link = Link(server)
        assert link.say("QUIT")[0].startswith("+OK")
        assert link.closed
        assert ended(server).outcome is Outcome.QUIT
        assert left(server) == 1

    @pytest.mark.rule("T4", "C12")
    @pytest.mark.parametrize("command", ["USER Ted", "AUTH PLAIN AFRlZABTRUNSRVQ=", "AUTH LOGIN"])
    def test_no_password_crosses_an_open_line(self, command: str) -> None:
        link = Link(server_with(PLAIN), peer="192.0.2.1")
        assert link.say(command)[0].startswith("-ERR [SYS/PERM] ")
        announced = link.send(b"CAPA\r\n")
        assert b"USER" not in announced
        assert b"SASL" not in announced

    @pytest.mark.rule("T4")
    @pytest.mark.parametrize(
        ("plaintext", "peer", "taken"),
        [
            (Plaintext.TLS, "127.0.0.1", False),
            (Plaintext.TLS, "unix", False),
            (Plaintext.LOOPBACK, "127.0.0.1", True),
            (Plaintext.LOOPBACK, "::1", True),
            (Plaintext.LOOPBACK, "unix", True),
            (Plaintext.LOOPBACK, "192.0.2.1", False),
            (Plaintext.LOOPBACK, "fe80::1%eth0", False),
            (Plaintext.ALWAYS, "192.0.2.1", True),
        ],
    )
    def test_the_administrator_says_where_a_password_may_go_in_the_clear(
        self, plaintext: Plaintext, peer: str, taken: bool
    ) -> None:
        server = server_with(PLAIN, security=Security(plaintext=plaintext))
        assert Link(server, peer=peer).say("USER Ted")[0].startswith("+OK") is taken

    @pytest.mark.rule("T1")
    def test_stls_is_refused_and_not_announced_where_there_is_no_certificate(self) -> None:
        link = Link(server_with())
        assert link.say("STLS")[0].startswith("-ERR")
        assert b"STLS" not in link.send(b"CAPA\r\n")


def b64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


class TestAuth:
    @pytest.mark.rule("A1", "A4")
    def test_plain_with_an_initial_response_logs_in_and_nothing_rides_on_the_ok(self) -> None:
        link = Link(server_with(PLAIN))
        answer = link.send(b"AUTH PLAIN " + b64(b"\0Ted\0SECRET").encode() + b"\r\n")
        assert answer == b"+OK 1 message (%d octets)\r\n" % len(PLAIN)
        assert link.say("AUTH PLAIN =")[0].startswith("-ERR")
        assert b"SASL PLAIN LOGIN" in link.send(b"CAPA\r\n")

    @pytest.mark.rule("A2")
    def test_plain_without_one_gets_the_empty_challenge(self) -> None:
        link = Link(server_with(PLAIN))
        assert link.send(b"AUTH PLAIN\r\n") == b"+ \r\n"
        assert link.say(b64(b"\0Ted\0SECRET"))[0].startswith("+OK")

    def test_login_asks_for_name_and_password(self) -> None:
        link = Link(server_with(PLAIN))
        challenge = link.send(b"AUTH LOGIN\r\n")
        assert base64.b64decode(challenge[2:]).lower().startswith(b"user")
        assert link.send(b64(b"Ted").encode() + b"\r\n").startswith(b"+ ")
        assert link.say(b64(b"SECRET"))[0].startswith("+OK 1 message")

    @pytest.mark.rule("A2")
    def test_an_initial_response_to_a_server_first_mechanism_is_an_err(self) -> None:
        link = Link(server_with(PLAIN))
        assert link.say(f"AUTH LOGIN {b64(b'Ted')}")[0].startswith("-ERR")
        assert link.say("USER Ted", "PASS SECRET")[1].startswith("+OK")

    @pytest.mark.rule("A3")
    @pytest.mark.parametrize("line", ["*", "!!!", "AFRlZABTRUNSRVQ", "", "USER Ted", "a" * 20_000, "=", " "])
    def test_cancel_and_bad_base64_are_an_err_and_the_session_stays_usable(self, line: str) -> None:
        server = server_with(PLAIN)
        link = Link(server)
        link.say("AUTH PLAIN")
        assert link.say(line)[0].startswith("-ERR")
        assert link.say("USER Ted", "PASS SECRET")[1].startswith("+OK")
        assert not [event for event in server.told.events if isinstance(event, FaultMet)]

    @pytest.mark.rule("A1")
    def test_a_response_may_be_longer_than_a_command(self) -> None:
        link = Link(server_with(PLAIN))
        link.say("AUTH PLAIN")
        assert link.say(b64(b"\0Ted\0" + b"x" * 1000))[0].startswith("-ERR [AUTH]")
        assert link.say(b64(b"x" * 1000))[0].startswith("-ERR the command line is too long")

    @pytest.mark.rule("C12")
    def test_a_wrong_password_and_an_unknown_name_look_alike_and_are_logged_apart(self) -> None:
        server = server_with()
        wrong = Link(server).say(f"AUTH PLAIN {b64(bytes(1) + b'Ted' + bytes(1) + b'x')}")[0]
        unknown = Link(server).say(f"AUTH PLAIN {b64(bytes(1) + b'Eve' + bytes(1) + b'x')}")[0]
        assert wrong == unknown
        assert wrong.startswith("-ERR [AUTH] ")
        told = [(e.name, e.mechanism, e.reason) for e in server.told.events if isinstance(e, LoginRefused)]
        assert told == [
            ("Ted", "PLAIN", RefusalReason.WRONG_PASSWORD),
            ("Eve", "PLAIN", RefusalReason.UNKNOWN_NAME),
        ]

    @pytest.mark.rule("A5", "C12")
    @pytest.mark.parametrize("end", [b"AQ==\r\n", b"*\r\n", b"!!!\r\n", b"A" * 20_000 + b"\r\n", None])
    def test_a_token_that_was_denied_is_a_failed_login_however_the_client_goes_on(self, end: bytes | None) -> None:
        class Issuer(ScriptedAuthenticator):
            def judge(self, request: Request) -> Judgement:
                return Judgement(answer=TokenDenied(), claimed="Ted", reason=RefusalReason.WRONG_TOKEN)

        throttle = Throttle(clock=lambda: 0.0, place_of=Places())
        server = LinkServer(
            MemoryStore(), Issuer({}), security=Security(mechanisms=("OAUTHBEARER",)), throttle=throttle
        )
        link = Link(server, peer="127.0.0.7")
        challenge = link.send(b"AUTH OAUTHBEARER " + base64.b64encode(b"n,,\1auth=Bearer t\1\1") + b"\r\n")
        assert challenge.startswith(b"+ ")
        if end is None:
            link.break_off()
        else:
            assert link.send(end).startswith(b"-ERR")
        told = [(e.name, e.mechanism, e.reason) for e in server.told.events if isinstance(e, LoginRefused)]
        assert told == [("Ted", "OAUTHBEARER", RefusalReason.WRONG_TOKEN)]
        assert throttle.delay_for("127.0.0.7") > 0
        link.break_off()
        assert len([event for event in server.told.events if isinstance(event, SessionEnded)]) == 1

    def test_a_mechanism_that_is_not_enabled_is_refused(self) -> None:
        link = Link(server_with())
        for mechanism in ("SCRAM-SHA-256", "CRAM-MD5", "GSSAPI", "\xfc"):
            assert link.say(f"AUTH {mechanism}")[0].startswith("-ERR")

    def test_what_is_sent_within_an_exchange_is_never_told(self) -> None:
        server = server_with(PLAIN, wire=True)
        link = Link(server)
        link.say("AUTH PLAIN", b64(b"\0Ted\0SECRET"), "QUIT")
        told = [e.line for e in server.told.events if isinstance(e, CommandReceived)]
        assert told[0] == "AUTH …".encode()
        assert b64(b"\0Ted\0SECRET").encode() not in b" ".join(told)
        assert len(told) == 3


class TestTransaction:
    @pytest.mark.rule("C3", "C5", "C6", "L7")
    def test_stat_list_and_retr_agree_to_the_octet(self) -> None:
        messages = [PLAIN, DOTS, LONG]
        _, link = logged_in(*messages)
        assert link.send(b"STAT\r\n") == b"+OK 3 %d\r\n" % sum(map(len, messages))
        assert (
            link.send(b"LIST\r\n").split(b"\r\n", 1)[1]
            == b"".join(b"%d %d\r\n" % (n, len(m)) for n, m in enumerate(messages, 1)) + b".\r\n"
        )
        for number, message in enumerate(messages, 1):
            assert link.send(b"LIST %d\r\n" % number) == b"+OK %d %d\r\n" % (number, len(message))
            status, _, body = link.send(b"RETR %d\r\n" % number).partition(b"\r\n")
            assert status == b"+OK %d octets" % len(message)
            assert body == re.sub(rb"(?m)^\.", b"..", message) + b".\r\n"

    @pytest.mark.rule("C8")
    def test_top_sends_headers_the_empty_line_and_n_lines(self) -> None:
        _, link = logged_in(DOTS, LONG)
        assert link.send(b"TOP 1 0\r\n").split(b"\r\n", 1)[1] == b"Subject: two\r\n\r\n.\r\n"
        assert link.send(b"TOP 1 1\r\n").split(b"\r\n", 1)[1] == b"Subject: two\r\n\r\n..\r\n.\r\n"
        assert link.send(b"TOP 2 2\r\n").count(b"..long line") == 2
        whole = link.send(b"RETR 2\r\n").split(b"\r\n", 1)[1]
        assert link.send(b"TOP 2 99999\r\n").split(b"\r\n", 1)[1] == whole

    @pytest.mark.rule("C4", "C7", "L8")
    def test_marked_messages_are_gone_from_every_listing_until_rset(self) -> None:
        _, link = logged_in(PLAIN, DOTS)
        ids = [line.split()[1] for line in link.send(b"UIDL\r\n").split(b"\r\n")[1:3]]
        assert link.say("DELE 1", "DELE 1")[1].startswith("-ERR")
        for command in ("LIST 1", "UIDL 1", "RETR 1", "TOP 1 0"):
            assert link.say(command)[0].startswith("-ERR"), command
        assert link.send(b"UIDL\r\n").endswith(b"\r\n2 " + ids[1] + b"\r\n.\r\n")
        assert link.say("DELE 2", "STAT")[1] == "+OK 0 0"
        assert link.send(b"LIST\r\n").count(b"\r\n") == 2
        assert link.say("RSET")[0].startswith("+OK")
        assert link.say("RSET", "STAT")[1] == f"+OK 2 {len(PLAIN) + len(DOTS)}"

    @pytest.mark.rule("C7", "S1")
    @pytest.mark.parametrize("command", ["NOOP", "STAT", "LIST", "RSET", "RETR 1", "DELE 1", "TOP 1 0", "UIDL"])
    def test_transaction_commands_are_refused_before_login(self, command: str) -> None:
        link = Link(server_with(PLAIN))
        assert link.say(command)[0].startswith("-ERR")
        assert link.say("USER Ted", "PASS SECRET", command)[2].startswith("+OK")

    @pytest.mark.rule("S1")
    @pytest.mark.parametrize("command", ["USER Ted", "PASS SECRET", "APOP Ted 00"])
    def test_logins_are_refused_after_login(self, command: str) -> None:
        _, link = logged_in(PLAIN)
        assert link.say(command)[0].startswith("-ERR")
        assert link.say("NOOP")[0].startswith("+OK")

    @pytest.mark.rule("C10", "C11")
    def test_each_announced_capability_works_and_both_states_announce_the_same(self) -> None:
        server = server_with(PLAIN)
        link = Link(server, peer="127.0.0.1")
        before = link.send(b"CAPA\r\n").split(b"\r\n")[1:-2]
        link.say("USER Ted", "PASS SECRET")
        after = link.send(b"CAPA\r\n").split(b"\r\n")[1:-2]
        assert before == after
        assert [tag.split()[0] for tag in after] == (
            b"TOP UIDL RESP-CODES AUTH-RESP-CODE PIPELINING EXPIRE USER SASL UTF8 LANG IMPLEMENTATION".split()
        )
        assert b"EXPIRE NEVER" in after
        for command in ("TOP 1 0", "UIDL", "LANG", "LANG *"):
            assert link.say(command)[0].startswith("+OK")

    @pytest.mark.rule("S3")
    def test_mail_that_arrives_later_waits_for_the_next_session(self) -> None:
        server, link = logged_in(PLAIN)

        async def deliver() -> None:
            await (await server.services.store.stage(scripted_account(), [DOTS])).publish()

        asyncio.run(deliver())
        assert link.say("STAT")[0] == f"+OK 1 {len(PLAIN)}"
        assert link.say("RETR 2")[0].startswith("-ERR")
        link.say("QUIT")
        assert left(server) == 2


class TestTheEnd:
    @pytest.mark.rule("S5")
    def test_quit_removes_what_is_marked_and_nothing_else(self) -> None:
        server, link = logged_in(PLAIN, DOTS, LONG)
        assert link.say("DELE 2", "QUIT")[1].startswith("+OK 1 message removed")
        assert link.closed
        event = ended(server)
        assert (event.outcome, event.removed, event.removed_octets, event.left) == (Outcome.QUIT, 1, len(DOTS), 2)
        assert left(server) == 2

    @pytest.mark.rule("S6")
    def test_a_lost_connection_removes_nothing(self) -> None:
        server, link = logged_in(PLAIN, DOTS)
        link.say("DELE 1", "DELE 2")
        link.break_off()
        assert ended(server).outcome is Outcome.DISCONNECTED
        assert left(server) == 2

    @pytest.mark.rule("S6")
    def test_an_eof_without_quit_removes_nothing(self) -> None:
        server, link = logged_in(PLAIN)
        link.say("DELE 1")
        link.shut_down()
        assert link.closed
        assert left(server) == 1

    @pytest.mark.rule("S7", "S6")
    def test_autologout_after_ten_minutes_closes_without_a_word_and_removes_nothing(self) -> None:
        server, link = logged_in(PLAIN)
        link.say("DELE 1")
        before = len(link.received)
        server.sweep_at(599)
        assert not link.closed
        link.say("NOOP")
        before = len(link.received)
        server.sweep_at(600)
        assert not link.closed
        server.sweep_at(1)
        assert link.closed
        assert len(link.received) == before
        link.break_off()
        assert ended(server).outcome is Outcome.AUTOLOGOUT
        assert left(server) == 1

    @pytest.mark.rule("S7")
    def test_before_login_the_deadline_counts_from_the_connection(self) -> None:
        server = server_with()
        link = Link(server)
        for _ in range(6):
            link.say("USER Ted")
            server.sweep_at(10)
        assert not link.closed
        server.sweep_at(1)
        assert link.closed

    @pytest.mark.rule("S5")
    def test_an_update_that_fails_is_an_err_and_the_lock_goes_all_the_same(self) -> None:
        server, link = logged_in(PLAIN)

        def fail(_plan: object) -> None:
            raise StoreFault("the disk is gone: replace it")

        link._protocol._session._transacting.maildrop.update = fail  # type: ignore[assignment,method-assign]
        answer = link.say("DELE 1", "QUIT")[1]
        assert answer.startswith("-ERR [SYS/TEMP] ")
        assert "disk" not in answer
        assert link.closed
        assert [e.error for e in server.told.events if isinstance(e, UpdateFailed)] == [
            "the disk is gone: replace it"
        ]
        assert left(server) == 1

    @pytest.mark.rule("L3")
    def test_after_ten_bad_commands_the_session_ends(self) -> None:
        server = server_with()
        link = Link(server)
        answers = link.say(*["BOGUS"] * 9)
        assert all(answer.startswith("-ERR") for answer in answers)
        assert not link.closed
        assert link.say("USER Ted", "PASS wrong")[1].startswith("-ERR [AUTH]")
        assert link.closed
        assert ended(server).outcome is Outcome.TOO_MANY_BAD_COMMANDS

    def test_a_message_that_vanished_is_told_and_ends_the_session(self) -> None:
        server, link = logged_in(PLAIN, DOTS)
        store = server.services.store
        assert isinstance(store, MemoryStore)
        store.lose(scripted_account(), b"memory-1")
        link.say("DELE 2")
        assert link.say("RETR 1")[0].startswith("-ERR [SYS/TEMP] ")
        assert link.closed
        assert ended(server).outcome is Outcome.MESSAGE_GONE
        assert left(server) == 1

    def test_the_last_line_counts_what_was_retrieved_and_peeked(self) -> None:
        server, link = logged_in(PLAIN, LONG)
        link.say("RETR 1", "RETR 2", "TOP 1 0", "TOP 2 5", "TOP 9 9", "QUIT")
        event = ended(server)
        assert (event.retrieved, event.retrieved_octets, event.peeked) == (2, len(PLAIN) + len(LONG), 2)
        assert (event.account, event.peer, event.left, event.left_octets) == (
            "Ted",
            "127.0.0.1",
            2,
            len(PLAIN) + len(LONG),
        )


UMLAUT = "Subject: Grüße\r\nFrom: Jörg <jörg@example.org>\r\n\r\nGrüße\r\n.\r\n".encode()
LATIN = b"Subject: caf\xe9\r\n\r\n\xe9\r\n"
LONG_UMLAUT = b"".join(
    [
        "Subject: Grüße\r\n".encode(),
        # Longer than a chunk, so that a whole chunk is held back.
        "X-Long: ü".encode() + b"x" * 65_000 + b"\r\n",
        "X-Longer: ü".encode() + b"x" * 200_000 + b"\r\n",
        "To: ü@x\r\n\r\n".encode(),
        "größer als ein Stück\r\n.\r\n".encode() * 10_000,
    ]
)


class TestUtf8:
    def session(self, *commands: str, security: Security | None = None) -> Link:
        link = Link(server_with(PLAIN, UMLAUT, LATIN, LONG_UMLAUT, security=security))
        answers = link.say(*commands, "USER Ted", "PASS SECRET")
        assert answers[-1].startswith("+OK 4 messages")
        return link

    def retrieved(self, link: Link, number: int) -> bytes:
        status, _, body = link.send(b"RETR %d\r\n" % number).partition(b"\r\n")
        assert body.endswith(b"\r\n.\r\n")
        message = re.sub(rb"(?m)^\.\.", b".", body[:-3])
        assert status == b"+OK %d octets" % len(message)
        return message

    @pytest.mark.rule("U1")
    def test_utf8_takes_no_argument_and_comes_before_the_login(self) -> None:
        link = Link(server_with(PLAIN))
        assert link.say("UTF8 USER")[0].startswith("-ERR")
        assert link.say("UTF8")[0].startswith("+OK")
        assert link.say("UTF8")[0].startswith("+OK")
        assert link.say("USER Ted", "PASS SECRET", "UTF8")[2].startswith("-ERR")

    @pytest.mark.rule("U1", "T1", "C10")
    def test_stls_is_refused_and_not_announced_after_utf8(self) -> None:
        security = Security(tls=ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
        link = Link(server_with(PLAIN, security=security))
        assert b"\r\nSTLS\r\n" in link.send(b"CAPA\r\n")
        link.say("UTF8")
        assert b"\r\nSTLS\r\n" not in link.send(b"CAPA\r\n")
        assert link.say("STLS")[0].startswith("-ERR")
        assert link.say("USER Ted", "PASS SECRET")[1].startswith("+OK")

    @pytest.mark.rule("U2", "C5", "C6")
    def test_with_utf8_messages_come_as_they_are(self) -> None:
        link = self.session("UTF8")
        messages = [PLAIN, UMLAUT, LATIN, LONG_UMLAUT]
        assert link.say("STAT")[0] == f"+OK 4 {sum(map(len, messages))}"
        for number, message in enumerate(messages, 1):
            assert link.say(f"LIST {number}")[0] == f"+OK {number} {len(message)}"
            assert self.retrieved(link, number) == message

    @pytest.mark.rule("U2", "C5")
    def test_without_it_headers_are_in_ascii_and_list_stat_and_retr_agree(self) -> None:
        link = self.session()
        surrogates = [downgraded(message) for message in (PLAIN, UMLAUT, LATIN, LONG_UMLAUT)]
        assert surrogates[0] == PLAIN
        assert link.say("STAT")[0] == f"+OK 4 {sum(map(len, surrogates))}"
        listed = link.send(b"LIST\r\n").split(b"\r\n")[1:-2]
        assert listed == [b"%d %d" % (number, len(octets)) for number, octets in enumerate(surrogates, 1)]
        for number, surrogate in enumerate(surrogates, 1):
            message = self.retrieved(link, number)
            assert message == surrogate
            assert message.partition(b"\r\n\r\n")[0].isascii()

    @pytest.mark.rule("U2", "C8")
    def test_without_it_top_sends_headers_in_ascii_too(self) -> None:
        link = self.session()
        assert link.send(b"TOP 2 1\r\n").split(b"\r\n", 1)[1] == (
            b"Subject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?=\r\n"
            b"From: =?UTF-8?Q?J=C3=B6rg_=3Cj=C3=B6rg=40example=2Eorg=3E?= :;\r\n\r\n" + "Grüße\r\n.\r\n".encode()
        )
        header = link.send(b"TOP 4 0\r\n").split(b"\r\n", 1)[1]
        assert header == downgraded(LONG_UMLAUT).partition(b"\r\n\r\n")[0] + b"\r\n\r\n.\r\n"

    @pytest.mark.rule("U2", "S5")
    def test_what_is_removed_is_the_message_and_not_its_surrogate_alone(self) -> None:
        link = self.session()
        link.say("DELE 2", "DELE 3", "QUIT")
        server = link._server
        assert ended(server).removed_octets == len(downgraded(UMLAUT)) + len(downgraded(LATIN))
        assert left(server) == 2

    @pytest.mark.rule("U2", "L9")
    def test_an_administrator_may_have_such_messages_refused(self) -> None:
        link = self.session(security=Security(downgrade=False))
        for number, message in enumerate((PLAIN, UMLAUT, LATIN, LONG_UMLAUT), 1):
            assert link.say(f"LIST {number}")[0] == f"+OK {number} {len(message)}"
        for command in ("RETR 2", "TOP 2 0", "RETR 3", "RETR 4", "TOP 4 0"):
            assert link.say(command)[0].startswith("-ERR [UTF8] "), command
        assert self.retrieved(link, 1) == PLAIN
        assert link.say("DELE 2")[0].startswith("+OK")
        assert self.retrieved(self.session("UTF8", security=Security(downgrade=False)), 2) == UMLAUT

    @pytest.mark.rule("U2")
    def test_where_utf8_is_switched_off_surrogates_are_sent_all_the_same(self) -> None:
        security = Security(downgrade=False, disabled_capabilities=frozenset({"UTF8"}))
        link = Link(server_with(UMLAUT, security=security))
        assert link.say("UTF8", "USER Ted", "PASS SECRET")[0].startswith("-ERR")
        assert self.retrieved(link, 1) == downgraded(UMLAUT)

    @pytest.mark.rule("U3")
    def test_passwords_may_be_in_utf8(self) -> None:
        server = server_with(PLAIN)
        assert isinstance(server.services.authenticator, ScriptedAuthenticator)
        server.services.authenticator.passwords["Ted"] = "Grüße".encode()
        link = Link(server)
        assert b"\r\nUTF8 USER\r\n" in link.send(b"CAPA\r\n")
        assert link.send("USER Ted\r\nPASS Grüße\r\n".encode()).split(b"\r\n")[1].startswith(b"+OK")

    @pytest.mark.rule("U3", "C12")
    @pytest.mark.parametrize("octets", [b"\xe9", b"a\xc3", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80", b"\xc0\xaf"])
    def test_names_and_passwords_that_are_not_in_utf8_are_refused(self, octets: bytes) -> None:
        server = server_with(PLAIN, apop=True)
        assert isinstance(server.services.authenticator, ScriptedAuthenticator)
        server.services.authenticator.passwords |= {"Ted": octets, octets.decode("latin-1"): b"SECRET"}
        link = Link(server)
        assert link.send(b"USER " + octets + b"\r\n").startswith(b"-ERR [AUTH] ")
        assert link.say("PASS SECRET")[0].startswith("-ERR")
        assert link.send(b"APOP " + octets + b" 00\r\n").startswith(b"-ERR [AUTH] ")
        assert link.send(b"USER Ted\r\nPASS " + octets + b"\r\n").split(b"\r\n")[1].startswith(b"-ERR [AUTH] ")
        assert [event.name for event in server.told.events if isinstance(event, LoginRefused)] == ["Ted"]

    @pytest.mark.rule("U3")
    def test_where_utf8_is_switched_off_a_password_is_octets(self) -> None:
        security = Security(disabled_capabilities=frozenset({"UTF8"}))
        server = server_with(PLAIN, security=security)
        assert isinstance(server.services.authenticator, ScriptedAuthenticator)
        server.services.authenticator.passwords["Ted"] = b"\xe9"
        assert Link(server).send(b"USER Ted\r\nPASS \xe9\r\n").split(b"\r\n")[1].startswith(b"+OK")


class TestLang:
    @pytest.mark.rule("U4")
    def test_lang_works_in_both_states_and_lasts(self) -> None:
        link = Link(server_with(PLAIN))
        assert link.say("LANG de-AT")[0] == "+OK de von jetzt an Deutsch"
        assert link.say("USER Ted", "PASS wrong")[1] == "-ERR [AUTH] Name oder Passwort ist falsch"
        assert link.say("USER Ted", "PASS SECRET")[1] == f"+OK 1 Nachricht ({len(PLAIN)} Oktette)"
        assert link.send(b"LANG ja\r\n").decode() == "+OK ja これからは日本語でお答えします\r\n"
        assert link.send(b"RETR 9\r\n").decode() == "-ERR メール 9 はありません。全部で 1 通です\r\n"
        assert link.say("LANG *")[0].startswith("+OK en ")
        assert link.say("DELE 1", "QUIT")[1] == "+OK 1 message removed, 0 left here; good-bye"

    @pytest.mark.rule("U4")
    def test_a_failure_keeps_the_old_language(self) -> None:
        link = Link(server_with(PLAIN))
        link.say("LANG fr")
        assert link.say("LANG tlh")[0].startswith("-ERR ce serveur ne parle pas cette langue")
        assert link.say("LANG de fr")[0].startswith("-ERR la commande est : LANG [language]")
        assert link.say("QUIT")[0] == "+OK au revoir"

    @pytest.mark.rule("U4", "L7")
    def test_lang_alone_lists_tags_and_names(self) -> None:
        for before in (b"", b"LANG zh\r\n"):
            link = Link(server_with(PLAIN))
            link.send(before)
            status, *lines = link.send(b"LANG\r\n").decode().split("\r\n")
            assert status.startswith("+OK ")
            assert lines[-2:] == [".", ""]
            assert {line.partition(" ")[0] for line in lines[:-2]} == {
                "i-default",
                "en",
                "de",
                "es",
                "fr",
                "ja",
                "zh",
            }
            assert "es Español" in lines

    @pytest.mark.rule("U4")
    def test_before_lang_everything_is_in_ascii(self) -> None:
        link = Link(server_with(PLAIN))
        for line in SESSION.split(b"\r\n")[:-1]:
            assert link.send(line + b"\r\n").isascii()

    @pytest.mark.rule("U4", "C3", "C4")
    def test_what_programs_read_is_the_same_in_every_language(self) -> None:
        def answers(tag: str) -> list[bytes]:
            link = Link(server_with(PLAIN, DOTS, LONG))
            link.say(f"LANG {tag}", "USER Ted", "PASS SECRET")
            one_line = [link.send(line) for line in (b"STAT\r\n", b"LIST 2\r\n", b"UIDL 2\r\n", b"NOOP\r\n")]
            listings = [link.send(line).split(b"\r\n", 1)[1] for line in (b"LIST\r\n", b"UIDL\r\n", b"TOP 1 0\r\n")]
            return [*one_line, *listings, link.send(b"RETR 3\r\n"), link.send(b"RETR 1\r\n")]

        english = answers("i-default")
        for tag in ("de", "es", "fr", "ja", "zh"):
            assert answers(tag) == english

    def test_a_fault_of_the_server_is_told_in_the_language_too(self) -> None:
        link = Link(server_with(PLAIN))
        link.say("LANG es")
        assert link._protocol._session.failed().decode() == (
            "-ERR [SYS/TEMP] el servidor ha fallado; inténtelo de nuevo más tarde\r\n"
        )

    @pytest.mark.rule("T2", "U4")
    def test_the_language_is_forgotten_when_tls_begins(self) -> None:
        link = Link(server_with(PLAIN))
        link.say("LANG de")
        link._protocol._session.secured(NO_CHANNEL)
        assert link.say("QUIT")[0] == "+OK good-bye"


class TestSwitchedOff:
    def link(self, *names: str) -> Link:
        security = Security(tls=ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), disabled_capabilities=frozenset(names))
        return Link(server_with(PLAIN, security=security))

    @pytest.mark.rule("C10", "C11")
    @pytest.mark.parametrize(
        ("name", "commands"),
        [
            ("STLS", ["STLS"]),
            ("SASL", ["AUTH PLAIN AFRlZABTRUNSRVQ="]),
            ("UTF8", ["UTF8"]),
            ("LANG", ["LANG", "LANG de"]),
            ("USER", ["USER Ted", "PASS SECRET"]),
        ],
    )
    def test_a_command_before_the_login_is_refused_and_not_announced(self, name: str, commands: list[str]) -> None:
        link = self.link(name)
        assert name.encode() not in [tag.split()[0] for tag in link.send(b"CAPA\r\n").split(b"\r\n")[1:-2]]
        for command in commands:
            assert link.say(command)[0].startswith("-ERR this command is switched off here"), command

    @pytest.mark.rule("C10", "C11")
    @pytest.mark.parametrize(
        ("name", "command"), [("TOP", "TOP 1 0"), ("UIDL", "UIDL"), ("UIDL", "UIDL 1"), ("LANG", "LANG")]
    )
    def test_a_command_after_the_login_is_refused_and_not_announced(self, name: str, command: str) -> None:
        link = self.link(name)
        link.say("USER Ted", "PASS SECRET")
        assert name.encode() not in [tag.split()[0] for tag in link.send(b"CAPA\r\n").split(b"\r\n")[1:-2]]
        assert link.say(command)[0].startswith("-ERR this command is switched off here")
        assert link.say("STAT")[0] == f"+OK 1 {len(PLAIN)}"

    @pytest.mark.rule("C12", "L9")
    def test_response_codes_are_left_out(self) -> None:
        for names in (("AUTH-RESP-CODE",), ("RESP-CODES",), ("RESP-CODES", "AUTH-RESP-CODE")):
            assert self.link(*names).say("USER Ted", "PASS wrong")[1] == "-ERR name or password is wrong"

    @pytest.mark.rule("L9")
    @pytest.mark.parametrize(
        ("code", "by"),
        [
            (ResponseCode.IN_USE, {"RESP-CODES"}),
            (ResponseCode.SYS_TEMP, {"RESP-CODES"}),
            (ResponseCode.SYS_PERM, {"RESP-CODES"}),
            (ResponseCode.AUTH, {"RESP-CODES", "AUTH-RESP-CODE"}),
            (ResponseCode.LOGIN_DELAY, {"RESP-CODES", "LOGIN-DELAY"}),
            (ResponseCode.UTF8, {"RESP-CODES", "UTF8"}),
        ],
    )
    def test_each_response_code_goes_with_its_capability(self, code: ResponseCode, by: set[str]) -> None:
        silent = {
            tag
            for tag in CAPABILITIES
            if b"[" not in Wording(withheld={tag}).err(Text.LOGIN_TOO_SOON, code, seconds=1)
        }
        assert silent == by

    @pytest.mark.rule("C10")
    def test_with_everything_off_the_server_is_one_of_rfc_1939_with_apop(self) -> None:
        link = self.link(*CAPABILITIES)
        assert link.send(b"CAPA\r\n") == b"+OK what this server can do:\r\n.\r\n"

    def test_a_capability_that_there_is_not_is_a_mistake_of_the_settings(self) -> None:
        with pytest.raises(ValueError, match="no capability of POP3: TOPP; there are AUTH-RESP-CODE, "):
            Security(disabled_capabilities=frozenset({"TOPP"}))


class _Later:
    """An answer that takes some steps."""

    def __init__(self, verdict: Verdict, steps: int = 3) -> None:
        self.verdict = verdict
        self.steps = steps

    def __await__(self) -> Generator[None, None, Verdict]:
        for _ in range(self.steps):
            yield None
        return self.verdict


class Slow(ScriptedAuthenticator):
    def verify_password(self, name: bytes, password: Secret) -> Soon[Verdict]:
        verdict = super().verify_password(name, password)
        assert not isinstance(verdict, Later)
        return Later(_Later(verdict))


class TestWaiting:
    def server(self, *messages: bytes) -> LinkServer:
        return LinkServer(store_with(*messages), Slow({"Ted": b"SECRET"}))

    @pytest.mark.rule("L10")
    def test_what_is_pipelined_behind_a_slow_login_waits_its_turn(self) -> None:
        link = Link(self.server(PLAIN))
        answers = link.send(b"USER Ted\r\nPASS SECRET\r\nSTAT\r\nQUIT\r\n").split(b"\r\n")
        assert answers[2] == b"+OK 1 %d" % len(PLAIN)
        assert answers[3].startswith(b"+OK good-bye")

    def test_a_client_that_leaves_during_its_login_leaves_no_lock(self) -> None:
        server = self.server(PLAIN)
        link = Link(server)
        link.send(b"USER Ted\r\nPASS SECRET\r\n", settle=False)
        link.break_off()
        server.settle()
        assert ended(server).outcome is Outcome.DISCONNECTED
        assert left(server) == 1

    def test_an_authenticator_that_breaks_ends_the_session_with_an_err(self) -> None:
        class Broken(ScriptedAuthenticator):
            def verify_password(self, name: bytes, password: Secret) -> Soon[Verdict]:
                raise RuntimeError("a fault of ours")

        server = LinkServer(store_with(), Broken({}))
        link = Link(server)
        assert link.say("USER Ted", "PASS SECRET")[1].startswith("-ERR [SYS/TEMP] ")
        assert link.closed
        assert ended(server).outcome is Outcome.FAULT


def test_nothing_is_sent_after_the_last_answer() -> None:
    _, link = logged_in(PLAIN)
    assert link.send(b"QUIT\r\nSTAT\r\nNOOP\r\n").count(b"\r\n") == 1


def whole_and_cut(octets: bytes, cuts: Sequence[int]) -> tuple[bytes, bytes]:
    whole, cut = Link(server_with(PLAIN, DOTS, LONG)), Link(server_with(PLAIN, DOTS, LONG))
    whole.send(octets)
    before = 0
    for end in [*cuts, len(octets)]:
        if not cut.closed:
            cut.send(octets[before:end])
        before = end
    return bytes(whole.received), bytes(cut.received)


SESSION = (
    b"CAPA\r\nSTAT\r\nUSER Ted\r\nPASS SECRET\r\nSTAT\r\nLIST\r\nLIST 2\r\nUIDL\r\nTOP 2 1\r\nRETR 2\r\nDELE 2\r\n"
    b"DELE 2\r\nLIST\r\nNOOP\r\nRETR 9\r\n" + b"x" * 300 + b"\r\nRETR 3\r\nTOP 3 2\r\nRSET\r\nDELE 1\r\nQUIT\r\n"
)


@pytest.mark.rule("L10")
def test_a_session_octet_by_octet_gives_the_same_answers() -> None:
    whole, cut = whole_and_cut(SESSION, range(1, len(SESSION)))
    assert cut == whole


@pytest.mark.rule("L10")
def test_a_session_cut_anywhere_gives_the_same_answers() -> None:
    for place in range(1, len(SESSION)):
        whole, cut = whole_and_cut(SESSION, [place])
        assert cut == whole, place


class TestThrottleAndGate:
    def test_failed_logins_slow_their_address_down_and_the_right_password_is_served_after_the_wait(self) -> None:
        server = server_with(PLAIN)
        throttle = Throttle(clock=server.clock.time, place_of=Places())
        slowed = LinkServer(
            store_with(PLAIN),
            ScriptedAuthenticator({"Ted": b"SECRET"}),
            throttle=throttle,
            limits=Limits(bad_commands=99),
        )
        throttle_clock = slowed.clock
        link = Link(slowed, peer="127.0.0.1")
        assert link.say("USER Ted", "PASS wrong1")[1].startswith("-ERR [AUTH]")
        before = throttle_clock.now
        assert link.say("USER Ted", "PASS wrong2")[1].startswith("-ERR [AUTH]")
        assert throttle_clock.now - before == 2
        before = throttle_clock.now
        # From elsewhere nothing is slow.
        other = Link(slowed, peer="127.0.0.2")
        assert other.say("USER Ted", "PASS SECRET")[1].startswith("+OK")
        other.say("QUIT")
        assert throttle_clock.now == before
        assert link.say("USER Ted", "PASS SECRET")[1].startswith("+OK")
        assert throttle_clock.now - before == 4

    def test_one_account_has_so_many_sessions_at_once_and_no_more(self) -> None:
        server = LinkServer(
            store_with(PLAIN),
            ScriptedAuthenticator({"Ted": b"SECRET"}),
            gate=Gate(GateLimits(each_account=2)),
        )
        links = [Link(server) for _ in range(3)]
        answers = [link.say("USER Ted", "PASS SECRET")[1] for link in links]
        assert answers[0].startswith("+OK")
        assert answers[1].startswith("-ERR [IN-USE]")
        assert answers[2].startswith("-ERR [SYS/TEMP]")
        links[0].say("QUIT")
        assert links[2].say("USER Ted", "PASS SECRET")[1].startswith("+OK")

    def test_sessions_are_told_of_and_can_be_ended(self) -> None:
        server = server_with(PLAIN)
        link = Link(server)
        link.say("USER Ted", "PASS SECRET", "DELE 1")
        (told,) = server.real.sessions()
        assert (told.account, told.peer, told.state, told.commands) == ("Ted", "127.0.0.1", State.TRANSACTION, 3)
        assert not server.real.end("nobody")
        assert server.real.end(told.id)
        link.break_off()
        assert ended(server).outcome is Outcome.ENDED
        assert left(server) == 1
