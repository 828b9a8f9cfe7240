"""Each event counted where it should be, read back with the parsers of the two formats."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text
from tests.observe.samples import DELIVERED, ENDED, REFUSED, SAMPLES, every_text_replaced

from restante.observe.metrics import Exposition, Metrics, new_board
from restante.ports.accounts import RefusalReason
from restante.ports.events import (
    ConnectionRefused,
    DeliveryRefused,
    Door,
    LoginAccepted,
    LoginRefused,
    MessageDelivered,
    Outcome,
    SessionEnded,
)

_Numbers = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def fresh() -> Metrics:
    return Metrics(new_board(processes=1), version="0.1.0")


def numbers(metrics: Metrics, exposition: Exposition = Exposition.OPENMETRICS) -> _Numbers:
    text = metrics.expose(exposition).decode("utf-8")
    parse = parse_openmetrics if exposition is Exposition.OPENMETRICS else parse_text
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in parse(text)
        for sample in family.samples
    }


def changed(metrics: Metrics, *events: object) -> dict[str, float]:
    """Give what events change, as one would write it."""
    before = numbers(metrics)
    for event in events:
        metrics(event)  # type: ignore[arg-type]  # of the samples
    after = numbers(metrics)
    assert before.keys() == after.keys(), "no event makes a series"
    return {
        name.removeprefix("restante_") + "".join(f" {key}={value}" for key, value in labels): after[name, labels]
        - was
        for (name, labels), was in before.items()
        if after[name, labels] != was
    }


EXPECTED: dict[str, dict[str, float]] = {
    "Listening": {},
    "ServerStopping": {},
    "ConnectionOpened": {"connections_total door=pop3": 1},
    "ConnectionRefused": {"connections_refused_total door=pop3 reason=in_all": 1},
    "CommandReceived": {},
    "ReplySent": {},
    "LoginAccepted": {"logins_accepted_total mechanism=USER": 1},
    "LoginRefused": {"logins_refused_total mechanism=USER reason=wrong_password": 1},
    "LoginDeferred": {"logins_deferred_total mechanism=USER": 1},
    "MaildropBusy": {"maildrop_in_use_total": 1},
    "SenderLoggedIn": {"senders_logged_in_total mechanism=PLAIN": 1},
    "MailSessionEnded": {"mail_sessions_total door=smtp outcome=quit tls=yes": 1},
    "TlsFailed": {"tls_handshakes_failed_total door=pop3": 1},
    "UpdateFailed": {"updates_failed_total": 1},
    "FaultMet": {"faults_total": 1},
    "MessageDelivered": {
        "deliveries_total door=lmtp outcome=delivered": 1,
        "delivered_octets_total door=lmtp": 812,
    },
    "DeliveryRefused": {"deliveries_total door=smtp outcome=refused": 1},
    "DeliveryDeferred": {"deliveries_total door=pipe outcome=deferred": 1},
    "SessionEnded": {
        "pop3_sessions_total outcome=quit": 1,
        "pop3_session_seconds_count": 1,
        "pop3_session_seconds_sum": 0.031234,
        "pop3_commands_total": 6,
        "messages_retrieved_total": 2,
        "messages_retrieved_octets_total": 4310,
        "messages_peeked_total": 3,
        "messages_removed_total": 1,
        "messages_removed_octets_total": 2155,
    },
}


@pytest.mark.parametrize("event", SAMPLES, ids=lambda event: type(event).__name__)
def test_each_event_is_counted_where_it_belongs(event: object) -> None:
    found = changed(fresh(), event)
    buckets = {name for name in found if name.startswith("pop3_session_seconds_bucket")}
    rest = {name: value for name, value in found.items() if name not in buckets}
    if type(event).__name__ == "CertificatesRead":
        problem = getattr(event, "problem", None)
        assert rest == {f"certificates_read_total result={'good' if problem is None else 'bad'}": 1}
    else:
        assert rest == EXPECTED[type(event).__name__]
    assert bool(buckets) == isinstance(event, SessionEnded)


def test_all_reasons_doors_and_outcomes_have_a_series() -> None:
    metrics = fresh()
    for reason in RefusalReason:
        assert changed(metrics, replace(REFUSED, reason=reason))
    for outcome in Outcome:
        assert changed(metrics, replace(ENDED, outcome=outcome))
    for door in Door:
        assert changed(metrics, replace(DELIVERED, door=door))


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256", "PLAIN", "OAUTHBEARER", "APOP", "EXTERNAL"])
def test_mechanisms_are_told_apart(mechanism: str) -> None:
    assert changed(fresh(), replace(REFUSED, mechanism=mechanism)) == {
        f"logins_refused_total mechanism={mechanism} reason=wrong_password": 1
    }


@given(text=st.text(max_size=40))
def test_nothing_hostile_makes_a_series_or_gets_out(text: str) -> None:
    hostile = f'{text}\n}}"\\ 77\u202e'
    metrics = fresh()
    before = numbers(metrics).keys()
    for sample in SAMPLES:
        metrics(every_text_replaced(sample, hostile))
    assert numbers(metrics).keys() == before
    assert b"\xe2\x80\xae" not in metrics.expose(Exposition.TEXT)


def test_an_unknown_mechanism_and_an_unknown_reason_are_other() -> None:
    accepted = LoginAccepted(session="x", peer="p", account="ted", mechanism="plain", messages=0, octets=0)
    assert changed(fresh(), accepted) == {"logins_accepted_total mechanism=other": 1}
    refused = LoginRefused(session="x", peer="p", name="ted", mechanism="", reason=RefusalReason.LOCKED)
    assert changed(fresh(), refused) == {"logins_refused_total mechanism=other reason=locked": 1}
    turned_away = ConnectionRefused(door=Door.SMTP, peer="p", reason="bad weather")
    assert changed(fresh(), turned_away) == {"connections_refused_total door=smtp reason=other": 1}


def test_no_account_and_no_address_is_told() -> None:
    metrics = fresh()
    for sample in SAMPLES:
        metrics(sample)
    for exposition in Exposition:
        text = metrics.expose(exposition).decode("utf-8")
        for secret in ("ted", "bob", "anna", "example.org", "203.0.113.5", "2001:db8::5", "198.51", "k3f9"):
            assert re.search(rf"\b{re.escape(secret)}\b", text) is None


def test_both_formats_tell_the_same() -> None:
    metrics = fresh()
    for sample in SAMPLES:
        metrics(sample)
    assert numbers(metrics, Exposition.TEXT) == numbers(metrics)
    assert metrics.expose(Exposition.OPENMETRICS).endswith(b"# EOF\n")


def test_a_histogram_adds_its_buckets_up() -> None:
    metrics = fresh()
    for seconds in (0.005, 0.01, 2.0, 5000.0):
        metrics(replace(ENDED, seconds=seconds))
    found = numbers(metrics)

    def bucket(bound: str) -> float:
        return found["restante_pop3_session_seconds_bucket", (("le", bound),)]

    assert [bucket(bound) for bound in ("0.01", "0.03", "1.0", "3.0", "1800.0", "+Inf")] == [2, 2, 2, 3, 3, 4]
    assert found["restante_pop3_session_seconds_count", ()] == 4
    assert found["restante_pop3_session_seconds_sum", ()] == pytest.approx(5002.015)


def test_large_octets_are_exact() -> None:
    metrics = fresh()
    metrics(replace(ENDED, retrieved_octets=2**52 + 1))
    assert changed(metrics, replace(DELIVERED, octets=1))["delivered_octets_total door=lmtp"] == 1
    assert numbers(metrics)["restante_messages_retrieved_octets_total", ()] == 2**52 + 1


def test_the_version_is_told() -> None:
    assert numbers(fresh())["restante_build_info", (("version", "0.1.0"),)] == 1


def test_whichever_process_is_asked_tells_of_all() -> None:
    board = new_board(processes=2)
    one, other = Metrics(board, version="0.1.0"), Metrics(board, version="0.1.0")
    one.watch_sessions(Door.POP3, lambda: 3)
    other.watch_sessions(Door.POP3, lambda: 4)
    one(ENDED)
    other(ENDED)
    other.read_gauges()
    found = numbers(one)
    assert found["restante_sessions_open", (("door", "pop3"),)] == 7
    assert found["restante_pop3_sessions_total", (("outcome", "quit"),)] == 2
    assert numbers(other) == found


def test_gauges_tell_what_is_so_now() -> None:
    metrics, hashes = fresh(), [5]
    metrics.watch_password_hashes(lambda: hashes[0])
    metrics.watch_delayed_logins(lambda: 2)
    assert numbers(metrics)["restante_password_hashes_in_hand", ()] == 5
    hashes[0] = 1
    found = numbers(metrics)
    assert found["restante_password_hashes_in_hand", ()] == 1
    assert found["restante_logins_delayed", ()] == 2


def test_it_does_not_want_the_wire() -> None:
    assert not fresh().wants_wire


def test_a_delivery_refused_at_another_door_is_told_apart() -> None:
    event = DeliveryRefused(session=None, door=Door.LMTP, recipient="x", reason="y")
    assert changed(fresh(), event) == {"deliveries_total door=lmtp outcome=refused": 1}
    delivered = MessageDelivered(session=None, door=Door.PIPE, account="x", octets=0, reverse_path="")
    assert changed(fresh(), delivered) == {"deliveries_total door=pipe outcome=delivered": 1}
