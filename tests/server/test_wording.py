"""The words of a session: RFC 6856 §3, RFC 2449 §8, RFC 3206 §6."""

import pytest

from restante.maildrop.transaction import MarkedMessage, NoSuchMessage
from restante.ports.stores import Holder
from restante.proto.parser import Misuse, MisuseKind
from restante.proto.spec import SPECS
from restante.proto.terms import ResponseCode, State
from restante.sasl.terms import FailureKind
from restante.server.languages import LANGUAGES, Language, Text
from restante.server.wording import Wording


def speaking(tag: str) -> Wording:
    wording = Wording()
    assert wording.choose(tag.encode()).startswith(b"+OK " + tag.encode() + b" ")
    return wording


@pytest.mark.rule("U4")
def test_a_chosen_language_answers_from_that_answer_on() -> None:
    wording = Wording()
    assert wording.ok(Text.GOOD_BYE) == b"+OK good-bye\r\n"
    assert wording.choose(b"de-CH") == b"+OK de von jetzt an Deutsch\r\n"
    assert wording.ok(Text.GOOD_BYE) == b"+OK auf Wiedersehen\r\n"
    assert wording.choose(b"ja") == "+OK ja これからは日本語でお答えします\r\n".encode()


@pytest.mark.rule("U4")
def test_a_language_that_is_not_known_keeps_the_old_one() -> None:
    wording = speaking("es")
    assert wording.choose(b"tlh").startswith(b"-ERR este servidor no habla")
    assert wording.ok(Text.GOOD_BYE) == b"+OK hasta luego\r\n"


@pytest.mark.rule("U4", "L7")
def test_the_list_of_languages_has_a_tag_and_its_own_name_for_each() -> None:
    status, *lines = Wording().languages().decode().split("\r\n")
    assert status.startswith("+OK ")
    assert lines[-2:] == [".", ""]
    assert lines[:-2] == [f"{language.tag} {language.description}" for language in LANGUAGES]
    assert lines[0].startswith("i-default ")
    assert "zh 中文" in lines


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.tag)
def test_every_text_is_an_answer_in_every_language(language: Language) -> None:
    wording = speaking(language.tag)
    names = [
        "count",
        "number",
        "octets",
        "left",
        "lines",
        "messages",
        "since",
        "peer",
        "syntax",
        "detail",
        "seconds",
    ]
    for text in Text:
        answer = wording.err(text, None, **dict.fromkeys(names, 7))
        assert answer.decode().startswith("-ERR ")
        assert b"{" not in answer
        assert b"?" not in answer or "?" in wording.language.texts[text]


@pytest.mark.parametrize(
    ("tag", "none", "one", "many"),
    [
        ("en", "0 messages", "1 message", "2 messages"),
        ("de", "0 Nachrichten", "1 Nachricht", "2 Nachrichten"),
        ("fr", "0 message", "1 message", "2 messages"),
        ("es", "0 mensajes", "1 mensaje", "2 mensajes"),
        ("ja", "0 通", "1 通", "2 通"),
        ("zh", "0 封邮件", "1 封邮件", "2 封邮件"),
    ],
)
def test_messages_are_counted_as_the_language_counts(tag: str, none: str, one: str, many: str) -> None:
    wording = speaking(tag)
    assert [wording.messages(count).decode() for count in range(3)] == [none, one, many]


def test_answers_that_are_made_ready_say_the_same_as_the_texts() -> None:
    wording = speaking("de")
    assert wording.maildrop(2, 320).decode() == "+OK 2 Nachrichten (320 Oktette)\r\n"
    assert wording.scan_listing(1, 5, b"1 5\r\n").decode() == "+OK 1 Nachricht (5 Oktette)\r\n1 5\r\n.\r\n"
    assert wording.unique_id_listing(0, b"") == b"+OK 0 Nachrichten\r\n.\r\n"
    assert wording.marked(3) == wording.ok(Text.MARKED, number=3)


@pytest.mark.rule("U4", "L6")
def test_what_is_put_into_a_text_stays_harmless() -> None:
    for tag in ("i-default", "de"):
        answer = speaking(tag).in_use(Holder(peer="{evil}\r\n+OK \u202e{0}", since_epoch_seconds=0))
        assert answer.count(b"\r\n") == 1
        assert b"{evil}" in answer
        assert "\u202e" not in answer.decode()


@pytest.mark.rule("S2")
def test_a_holder_that_left_no_word_is_not_told() -> None:
    assert Wording().in_use(None).startswith(b"-ERR [IN-USE] the maildrop is in use by another session; ")


def test_each_reason_that_a_message_is_not_there_has_its_words() -> None:
    wording = Wording()
    assert wording.not_there(NoSuchMessage(3, 0)) == b"-ERR no message 3: the maildrop is empty\r\n"
    assert wording.not_there(NoSuchMessage(3, 2)) == b"-ERR no message 3: there are 2\r\n"
    assert wording.not_there(MarkedMessage(1)).startswith(b"-ERR message 1 is marked")


@pytest.mark.rule("L5")
@pytest.mark.parametrize("kind", list(MisuseKind))
@pytest.mark.parametrize("state", [State.AUTHORIZATION, State.TRANSACTION])
def test_each_misuse_has_its_words(kind: MisuseKind, state: State) -> None:
    answer = Wording().misuse(Misuse(kind, SPECS[b"TOP"]), state)
    assert answer.startswith(b"-ERR ")
    assert (b"TOP msg n" in answer) == (kind is MisuseKind.BAD_ARGUMENTS)


def test_a_failed_exchange_tells_its_detail_where_that_helps() -> None:
    wording = Wording()
    assert b"three fields" in wording.exchange_failed(FailureKind.MALFORMED, "it is not three fields")
    assert b"n=?" in wording.exchange_failed(FailureKind.UNSUPPORTED, "n=…")
    for kind in FailureKind:
        assert wording.exchange_failed(kind, "x").startswith(b"-ERR ")


@pytest.mark.rule("L9", "C12")
def test_response_codes_that_are_switched_off_are_left_out() -> None:
    for withheld, auth, in_use in [
        ((), b"-ERR [AUTH] ", b"-ERR [IN-USE] "),
        (("AUTH-RESP-CODE",), b"-ERR name", b"-ERR [IN-USE] "),
        (("RESP-CODES",), b"-ERR name", b"-ERR the"),
    ]:
        wording = Wording(withheld=withheld)
        assert wording.err(Text.WRONG_CREDENTIALS, ResponseCode.AUTH).startswith(auth)
        assert wording.in_use(None).startswith(in_use)
