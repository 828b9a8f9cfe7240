"""`restante talk` with real servers: through a pipe as a script does it, and at a terminal as a person does."""

from __future__ import annotations

import base64
import ssl
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import trustme
from tests.e2e.bed import RESTANTE, WAIT_SECONDS, Bed, Ran, run
from tests.e2e.corpus import DOTS, PLAIN
from tests.e2e.scripted import Peer, ScriptedServer
from tests.e2e.terminal import terminal

from restante.cli.talk_lesson import LINES
from restante.explain.languages import LANGUAGES
from restante.explain.talk_phrases import TalkPhrase


def talk(port: int, said: str, *options: str, security: str | None = "plain") -> Ran:
    secured = () if security is None else ("--security", security)
    return run(RESTANTE, "talk", *secured, *options, f"127.0.0.1:{port}", given=said.encode())


def test_a_session_through_a_pipe_is_led_and_told(bed: Bed) -> None:
    owner = bed.account(PLAIN, DOTS)
    login = f"USER {owner.name}\r\nPASS {owner.password}\n"
    ran = talk(bed.port("pop3"), f"{login}STAT\nLIST\nUIDL 1\nRETR 2\nTOP 1 0\nhelp DELE\nDELE 1\nQUIT\n")
    assert ran.code == 0, ran.said
    assert "-> STAT" in ran.said
    assert "Message 2, please." in ran.said
    assert "-> PASS …" in ran.said
    assert owner.password not in ran.said
    assert "Sets a message's deletion mark" in ran.said
    assert len(bed.mail(owner)) == 1


def test_auth_takes_its_responses_from_the_pipe(bed: Bed) -> None:
    owner = bed.account(PLAIN)
    response = base64.b64encode(f"\0{owner.name}\0{owner.password}".encode()).decode()
    ran = talk(bed.port("pop3"), f"AUTH PLAIN\n*\nAUTH PLAIN\n{response}\nSTAT\nQUIT\n", "--view", "wire")
    assert ran.code == 0, ran.said
    assert "<-  +OK 1 " in ran.said
    assert response not in ran.said


def test_a_refused_login_ends_with_its_code(bed: Bed) -> None:
    owner = bed.account()
    assert talk(bed.port("pop3"), f"USER {owner.name}\nPASS wrong\nQUIT\n").code == 5


def test_what_the_pipe_leaves_open_is_hung_up_without_quit(bed: Bed) -> None:
    owner = bed.account(PLAIN)
    ran = talk(bed.port("pop3"), f"USER {owner.name}\nPASS {owner.password}\nDELE 1\n")
    assert ran.code == 0
    assert "you hang up without QUIT: no message is removed" in ran.said
    assert len(bed.mail(owner)) == 1


def scripted(script: Callable[[Peer], None], said: str, *options: str, security: str = "plain") -> Ran:
    with ScriptedServer(script) as server:
        return talk(server.port, said, *options, security=security)


def one_line(ran: Ran) -> str:
    (line,) = ran.err.decode().splitlines()
    assert line.startswith("restante: ")
    return line


def test_a_server_that_closes_is_told_in_a_sentence_with_what_was_lost() -> None:
    def script(peer: Peer) -> None:
        peer.say(b"+OK\r\n")
        peer.answer(b"+OK\r\n", b"+OK\r\n", b"+OK marked\r\n")
        peer.hear()

    ran = scripted(script, "USER ted\nPASS x\nDELE 1\nSTAT\n")
    assert ran.code == 6
    assert "closed by the server" in one_line(ran)
    assert "1 deletion mark is lost" in ran.said


def closing(peer: Peer) -> None:
    """Close while nothing is said, with two marks set."""
    peer.say(b"+OK\r\n")
    peer.answer(b"+OK\r\n", b"+OK\r\n", b"+OK marked\r\n", b"+OK marked\r\n")


MARKS_SET = "USER ted\nPASS x\nDELE 1\nDELE 2\n"


def test_a_server_that_closes_while_nothing_is_typed_is_told_at_once() -> None:
    with ScriptedServer(closing) as server:
        argv = [str(RESTANTE), "talk", "--security", "plain", f"127.0.0.1:{server.port}"]
        process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        assert process.stdin is not None
        process.stdin.write(MARKS_SET.encode())
        process.stdin.flush()
        # Standard input stays open: nothing but the server's end wakes it.
        assert process.wait(WAIT_SECONDS) == 6
        _, told = process.communicate()
    assert b"The 2 deletion marks fell with it" in told
    assert b"end with QUIT" in told


def test_a_server_that_closes_after_a_refused_login_is_not_taken_for_one_that_waited() -> None:
    def script(peer: Peer) -> None:
        peer.say(b"+OK\r\n")
        peer.answer(b"+OK\r\n", b"-ERR no\r\n")

    with ScriptedServer(script) as server:
        argv = [str(RESTANTE), "talk", "--security", "plain", f"127.0.0.1:{server.port}"]
        process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        assert process.stdin is not None
        process.stdin.write(b"USER ted\nPASS x\n")
        process.stdin.flush()
        assert process.wait(WAIT_SECONDS) == 5
        _, told = process.communicate()
    assert b"after the refused login" in told


def test_a_server_that_closes_in_the_middle_of_a_line_ends_the_prompt_with_what_was_lost(home: Path) -> None:
    hangs_up = threading.Event()

    def script(peer: Peer) -> None:
        closing(peer)
        hangs_up.wait(WAIT_SECONDS)

    with ScriptedServer(script) as server:
        address = f"127.0.0.1:{server.port}"
        options = ("--security", "plain", "--language", "fr")
        with terminal(home, RESTANTE, "talk", *options, address) as seen:
            seen.see("AUTHORIZATION>")
            seen.type(MARKS_SET.replace("\n", "\r"))
            seen.see("DELE 2")
            seen.type("RETR")
            seen.see("TRANSACTION>")
            hangs_up.set()
            while seen.read():
                pass
            assert seen.process.wait(WAIT_SECONDS) == 6
    words = LANGUAGES["fr"].at_prompt(TalkPhrase.GONE_WITH_MARKS, server=address, count=2)
    assert words.encode() in b"".join(seen.screen.splitlines())


def test_what_the_server_says_meanwhile_is_told_and_the_line_goes_on(home: Path) -> None:
    speaks = threading.Event()
    heard = []

    def script(peer: Peer) -> None:
        peer.say(b"+OK\r\n")
        speaks.wait(WAIT_SECONDS)
        peer.say(b"-ERR going down soon\r\n")
        heard.append(peer.hear())
        peer.say(b"+OK bye\r\n")

    with ScriptedServer(script) as server:
        address = f"127.0.0.1:{server.port}"
        with terminal(home, RESTANTE, "talk", "--security", "plain", "--view", "wire", address) as seen:
            seen.see("AUTHORIZATION>")
            seen.type("QU")
            seen.see("QU")
            speaks.set()
            seen.see("going down soon")
            seen.see("AUTHORIZATION> QU")
            seen.type("IT\r")
            while seen.read():
                pass
            assert seen.process.wait(WAIT_SECONDS) == 0
    assert heard == [b"QUIT"]


def test_what_does_not_greet_like_pop3_is_told_in_a_sentence() -> None:
    ran = scripted(lambda peer: peer.say(b"220 mail \x1b[2J\r\n"), "QUIT\n")
    assert ran.code == 3
    assert "does not greet like a POP3 server" in one_line(ran)
    assert "\x1b" not in ran.said


def test_a_greeting_that_refuses_is_told_in_a_sentence() -> None:
    ran = scripted(lambda peer: peer.say(b"-ERR [SYS/TEMP] later\r\n"), "QUIT\n")
    assert ran.code == 3
    assert "try again later" in one_line(ran)


def test_no_password_goes_out_where_stls_was_wanted_and_refused() -> None:
    heard = []

    def script(peer: Peer) -> None:
        peer.say(b"+OK\r\n")
        heard.append(peer.hear())
        peer.say(b"-ERR no\r\n")

    ran = scripted(script, "USER ted\nPASS x\n", security="stls")
    assert ran.code == 4
    assert "refuses STLS" in one_line(ran)
    assert heard == [b"STLS"]


def test_stls_that_is_typed_begins_tls_with_the_certificate_checked(home: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(home / "authority.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)

    def script(peer: Peer) -> None:
        peer.say(b"+OK\r\n")
        peer.answer(b"+OK begin\r\n")
        peer.secure(context)
        peer.answer(b"+OK bye\r\n")

    trusted = ("--authorities", str(home / "authority.pem"), "--view", "wire")
    ran = scripted(script, "STLS\nQUIT\n", *trusted)
    assert ran.code == 0, ran.said
    assert "~>  QUIT" in ran.said
    refused = scripted(script, "STLS\nQUIT\n")
    assert refused.code == 4
    assert "authority" in one_line(refused)


def test_lines_that_follow_an_unknown_command_do_not_confuse_what_comes_next() -> None:
    def script(peer: Peer) -> None:
        peer.say(b"+OK\r\n")
        peer.answer(b"+OK listing\r\none\r\n.\r\n", b"-ERR not now\r\n", b"+OK bye\r\n")

    ran = scripted(script, "/HELP\nSTAT\nQUIT\n", "--view", "wire")
    assert ran.code == 0, ran.said
    assert "<** -ERR not now" in ran.said


def test_a_person_at_a_terminal_is_helped_and_their_password_neither_shown_nor_kept(bed: Bed, home: Path) -> None:
    owner = bed.account(PLAIN, password="pa55-w0rd")
    address = f"127.0.0.1:{bed.port('pop3')}"
    with terminal(home, RESTANTE, "talk", "--security", "plain", "--view", "story", address) as seen:
        seen.see("AUTHORIZATION>")
        # Typed ahead, too: it may come while no prompt is there.
        seen.type(f"USER {owner.name}\rPASS {owner.password}\r")
        seen.see("TRANSACTION>")
        seen.type("help RETR\r")
        seen.see("RFC 1939")
        seen.type("QUIT\r")
        while seen.read():
            pass
        assert seen.process.wait(WAIT_SECONDS) == 0
    assert b"pa55" not in seen.screen
    assert (home / "restante" / "talk-history").read_text() == "help RETR\nQUIT\n"


def test_pass_alone_asks_for_the_password_on_a_terminal(bed: Bed, home: Path) -> None:
    owner = bed.account(PLAIN, password="pa55-w0rd")
    address = f"127.0.0.1:{bed.port('pop3')}"
    with terminal(home, RESTANTE, "talk", "--security", "plain", "--view", "story", address) as seen:
        seen.see("AUTHORIZATION>")
        seen.type(f"USER {owner.name}\r")
        seen.see("And the password?")
        seen.type("PASS\r")
        seen.see("not shown")
        seen.type(f"{owner.password}\r")
        seen.see("TRANSACTION>")
        seen.type("\x04")
        while seen.read():
            pass
        assert seen.process.wait(WAIT_SECONDS) == 0
    assert b"pa55" not in seen.screen
    assert b"you hang up without QUIT" in seen.screen


def test_an_auth_is_made_for_a_person_and_by_hand_behind_a_slash(bed: Bed, home: Path) -> None:
    owner = bed.account(PLAIN, password="pa55-w0rd")
    address = f"127.0.0.1:{bed.port('pop3')}"
    with terminal(home, RESTANTE, "talk", "--security", "plain", "--view", "wire", address) as seen:
        seen.see("AUTHORIZATION>")
        seen.type("/AUTH PLAIN\r")
        seen.see("base64")
        seen.type("*\r")
        seen.see("-ERR")
        seen.type("CAPA\rAUTH XOAUTH2\r")
        seen.see("not offered")  # and so nobody was asked for a token
        seen.type("AUTH PLAIN\r")
        seen.see("Name:")
        seen.type(f"{owner.name}\r")
        seen.see("not shown:")
        seen.type(f"{owner.password}\r")
        seen.see("TRANSACTION>")
        seen.type("QUIT\r")
        while seen.read():
            pass
        assert seen.process.wait(WAIT_SECONDS) == 0
    assert b"pa55" not in seen.screen


def test_a_terminal_without_a_cursor_has_lines_and_questions(bed: Bed, home: Path) -> None:
    owner = bed.account(PLAIN, password="pa55-w0rd")
    address = f"127.0.0.1:{bed.port('pop3')}"
    options = ("--security", "plain", "--view", "wire")
    with terminal(home, RESTANTE, "talk", *options, address, term="dumb") as seen:
        seen.see("AUTHORIZATION> ")
        seen.type(f"USER {owner.name}\n")
        seen.see("+OK and")
        seen.type("PASS\n")
        seen.see("not shown: ")
        seen.type(f"{owner.password}\n")
        seen.see("TRANSACTION> ")
        seen.type("QUIT\n")
        while seen.read():
            pass
        assert seen.process.wait(WAIT_SECONDS) == 0
    assert b"pa55" not in seen.screen
    assert b"\x1b" not in seen.screen


def test_an_account_of_the_file_is_logged_in_and_its_password_may_be_refused(bed: Bed, home: Path) -> None:
    owner = bed.account(PLAIN)
    host, port = "127.0.0.1", bed.port("pop3")

    def by_account(password: str) -> Ran:
        accounts = home / "accounts.toml"
        accounts.write_text(
            f'[accounts.work]\naddress = "ted@example.org"\nlogin = "{owner.name}"\n'
            f'password_env = "PW"\n[accounts.work.pop3]\nhost = "{host}"\nport = {port}\nsecurity = "plain"\n'
        )
        argv = (RESTANTE, "talk", "--account", "work", "--view", "wire")
        env = {"RESTANTE_ACCOUNTS": str(accounts), "PW": password}
        return run(*argv, given=b"STAT\nQUIT\n", env=env)

    ran = by_account(owner.password)
    assert ran.code == 0, ran.said
    assert "<-  +OK 1 " in ran.said
    assert owner.password not in ran.said
    assert by_account("wrong").code == 5


def test_a_server_and_an_account_exclude_each_other() -> None:
    assert run(RESTANTE, "talk", "--account", "work", "pop.example.org").code == 2


def test_the_lesson_leads_through_a_first_session_of_the_demo() -> None:
    argv = [str(RESTANTE), "serve", "--demo", "--pop3", "127.0.0.1:0", "--smtp", "127.0.0.1:0"]
    demo = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert demo.stdout is not None
    try:
        port = int(demo.stdout.readline().rpartition(b":")[2])
        typed = "\n".join(["NOOP", *LINES]) + "\n"
        options = ("--as-client", "lesson", "--view", "wire")
        ran = talk(port, typed, *options, security=None)
    finally:
        demo.terminate()
        demo.communicate(timeout=WAIT_SECONDS)
    assert ran.code == 0, ran.said
    asked = [line for line in ran.out.decode().splitlines() if line.startswith("| Step ")]
    assert [line.split()[2] for line in asked] == [str(number) for number in range(1, len(LINES) + 1)]
    assert "| That was another command" in ran.said
    assert "a whole session" in ran.said


def test_without_a_server_only_the_lesson_knows_where_to_go() -> None:
    ran = run(RESTANTE, "talk")
    assert ran.code == 2
    assert "HOST" in one_line(ran)
