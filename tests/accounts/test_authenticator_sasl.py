"""What SASL asks is judged by the rules of USER and PASS; SCRAM keys come of logins; clients log in by it all."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.accounts.rig import RIGHT, WRONG, CountingHasher, CountingSealer, Rig, settled

from restante.accounts.authenticator import PasswordAuthenticator
from restante.accounts.credentials import Credentials
from restante.accounts.scram import make_scram_keys, scram_decoy, seal_scram_keys, unseal_scram_keys
from restante.accounts.sealing import Sealer
from restante.doors.sasl_login import Move, SaslLogin
from restante.ports.accounts import Accepted, AccountStatus, Judgement, RefusalReason, Refused, Unavailable
from restante.ports.soon import Later, Soon
from restante.proto.terms import Secret
from restante.sasl import terms as sasl
from restante.sasl.exchange import ClientAuthExchange, LoggedIn, SendLine
from restante.sasl.prep import NotPreparable, prepared
from restante.sasl.registry import ClientMaterial, ServerMaterial, find
from restante.sasl.scram_keys import ScramHash


def _plain(authcid: str = "Ted", password: Secret = RIGHT, authzid: str | None = None) -> sasl.JudgePassword:
    return sasl.JudgePassword(authzid=authzid, authcid=authcid, password=password, password_as_sent=password)


def _denied(claimed: str, reason: RefusalReason) -> Judgement:
    return Judgement(answer=sasl.Denied(), claimed=claimed, reason=reason)


# --- passwords ------------------------------------------------------------------------------------------------


@pytest.mark.rule("A1")
async def test_a_right_password_is_granted_and_then_at_once_by_pass_too(rig: Rig) -> None:
    answer = rig.authenticator.judge(_plain("TED"))
    assert isinstance(answer, Later)
    granted = Judgement(answer=sasl.Granted(authcid="Ted"), claimed="TED", account=rig.ted)
    assert await answer == granted
    assert rig.authenticator.judge(_plain("TED")) == granted
    assert rig.authenticator.verify_password(b"ted", RIGHT) == Accepted(account=rig.ted)
    assert rig.hasher.verified == 1


@pytest.mark.rule("S8")
@pytest.mark.parametrize(
    ("name", "password", "reason"),
    [
        ("Ted", WRONG, RefusalReason.WRONG_PASSWORD),
        ("Tim", RIGHT, RefusalReason.UNKNOWN_NAME),
        ("Téd", RIGHT, RefusalReason.UNKNOWN_NAME),
        ("\u212aen", RIGHT, RefusalReason.UNKNOWN_NAME),
        ("locked", RIGHT, RefusalReason.LOCKED),
        ("locked", WRONG, RefusalReason.WRONG_PASSWORD),
    ],
)
async def test_whatever_is_wrong_is_denied_for_one_hash(
    rig: Rig, name: str, password: Secret, reason: RefusalReason
) -> None:
    rig.directory.add("locked", rig.hasher.hash(RIGHT))
    rig.directory.add("ken", rig.hasher.hash(RIGHT))
    rig.directory.set_status("locked", AccountStatus.LOCKED)
    for times in (1, 2):
        assert await settled(rig.authenticator.judge(_plain(name, password))) == _denied(name, reason)
        assert rig.hasher.verified == times


@pytest.mark.parametrize(
    ("authzid", "allowed"),
    [
        (None, True),
        ("Ted", True),
        ("tED", True),
        ("tim", False),
        ("ted ", False),
        ("root", False),
        ("T\u00e9d", False),
    ],
)
async def test_nobody_acts_for_another(rig: Rig, authzid: str | None, allowed: bool) -> None:
    rig.directory.add("tim", rig.hasher.hash(RIGHT))
    judgement = await settled(rig.authenticator.judge(_plain(authzid=authzid)))
    assert isinstance(judgement.answer, sasl.Granted) is allowed
    if not allowed:
        assert judgement == _denied("Ted", RefusalReason.NOT_ALLOWED)


async def test_the_hash_is_checked_against_the_password_as_it_was_sent(rig: Rig) -> None:
    rig.directory.set_password("ted", rig.hasher.hash(Secret("x²".encode())))
    request = sasl.JudgePassword(
        authzid=None, authcid="ted", password=Secret(b"x2"), password_as_sent=Secret("x²".encode())
    )
    judgement = await settled(rig.authenticator.judge(request))
    assert isinstance(judgement.answer, sasl.Granted)


@pytest.mark.rule("C12")
async def test_what_cannot_be_judged_is_unavailable_with_words_for_the_log(rig: Rig) -> None:
    rig.directory.close()
    (rig.folder / "accounts.db").write_bytes(b"letters\n" * 1000)
    for request in (
        _plain(),
        sasl.NeedScramKeys(hash=ScramHash.SHA_256, authzid=None, authcid="Ted"),
        sasl.NeedSharedSecret(authcid="Ted"),
    ):
        judgement = await settled(rig.authenticator.judge(request))
        assert judgement.answer == sasl.Unavailable()
        assert judgement.unavailable is not None
        assert "put a backup" in judgement.unavailable
        assert (judgement.claimed, judgement.account, judgement.reason) == ("Ted", None, None)


# --- shared secrets, keys -------------------------------------------------------------------------------------


def _with_secret(rig: Rig, name: str) -> None:
    account = rig.directory.find(name)
    assert account is not None
    rig.directory.enable_apop(name, rig.sealer.seal(account.id, RIGHT))


def _with_keys(rig: Rig, name: str) -> None:
    found, keys = rig.directory.credentials(name), make_scram_keys(RIGHT)
    assert found is not None
    assert keys is not None
    account_id = found.account.id
    sealed = seal_scram_keys(rig.sealer, account_id, keys)
    assert rig.directory.replace_scram(account_id, found.password_hash, sealed)


@pytest.mark.rule("S8")
def test_shared_secrets_and_keys_are_found_for_one_unsealing_whoever_is_asked_for(rig: Rig) -> None:
    for name in ("plain", "locked"):
        rig.directory.add(name, "hash")
    for name in ("ted", "locked"):
        _with_secret(rig, name)
        _with_keys(rig, name)
    rig.directory.set_status("locked", AccountStatus.LOCKED)
    sealer = CountingSealer(rig.folder / "key")
    judge = rig.another(sealer=sealer)
    opened = 0
    for name, has_it, active, no_secret, no_keys in (
        ("tED", True, True, None, None),
        ("locked", True, False, RefusalReason.LOCKED, RefusalReason.LOCKED),
        ("plain", False, False, RefusalReason.NO_APOP, RefusalReason.NO_KEYS),
        ("tim", False, False, RefusalReason.UNKNOWN_NAME, RefusalReason.UNKNOWN_NAME),
        ("Téd", False, False, RefusalReason.UNKNOWN_NAME, RefusalReason.UNKNOWN_NAME),
    ):
        account = rig.directory.find(name) if active else None
        secret = judge.judge(sasl.NeedSharedSecret(authcid=name))
        assert secret == Judgement(
            answer=sasl.FoundSecret(secret=RIGHT if has_it else None, may_log_in=active),
            claimed=name,
            account=account,
            reason=no_secret,
        )
        opened += 1
        for each in ScramHash:
            judgement = judge.judge(sasl.NeedScramKeys(hash=each, authzid=None, authcid=name))
            assert isinstance(judgement, Judgement)
            assert isinstance(judgement.answer, sasl.FoundKeys)
            assert (judgement.answer.may_log_in, judgement.claimed) == (active, name)
            assert (judgement.account, judgement.reason) == (account, no_keys)
            keys = judgement.answer.keys
            assert (keys is not None) is has_it
            assert keys is None or (keys.hash is each and keys.fit(RIGHT))
            opened += 1
        assert sealer.unsealed == opened


def test_scram_as_another_goes_on_with_the_true_salt_and_ends_without_an_account(rig: Rig) -> None:
    _with_keys(rig, "ted")
    judgement = rig.authenticator.judge(sasl.NeedScramKeys(hash=ScramHash.SHA_1, authzid="tim", authcid="ted"))
    assert isinstance(judgement, Judgement)
    assert isinstance(judgement.answer, sasl.FoundKeys)
    assert judgement.answer.keys is not None
    assert not judgement.answer.may_log_in
    assert (judgement.account, judgement.reason) == (None, RefusalReason.NOT_ALLOWED)


@pytest.mark.rule("C12")
def test_keys_that_do_not_open_are_the_systems_fault(rig: Rig) -> None:
    _with_secret(rig, "ted")
    _with_keys(rig, "ted")
    (rig.folder / "key").unlink()
    judge = rig.another(sealer=Sealer(rig.folder / "key"))
    for request in (
        sasl.NeedScramKeys(hash=ScramHash.SHA_256, authzid=None, authcid="ted"),
        sasl.NeedSharedSecret(authcid="ted"),
    ):
        judgement = judge.judge(request)
        assert isinstance(judgement, Judgement)
        assert judgement.answer == sasl.Unavailable()
        assert "is missing" in str(judgement.unavailable)


# --- tokens and certificates ----------------------------------------------------------------------------------


class Judges:
    """Grants whatever comes, later."""

    def __init__(self) -> None:
        self.asked: list[sasl.Request] = []

    def judge_token(self, request: sasl.JudgeToken) -> Soon[Judgement]:
        self.asked.append(request)
        return Later(_granting())

    def judge_certificate(self, request: sasl.JudgeCertificate) -> Soon[Judgement]:
        self.asked.append(request)
        return Later(_granting())


async def _granting() -> Judgement:
    return Judgement(answer=sasl.Granted(authcid="Ted"), claimed="Ted")


TOKEN = sasl.JudgeToken(authzid="Ted", token=Secret(b"token"), host=None, port=None)
CERTIFICATE = sasl.JudgeCertificate(authzid=None, certificate=b"DER")


async def test_tokens_and_certificates_go_to_those_who_judge_them(rig: Rig) -> None:
    judges = Judges()
    judge = rig.another(tokens=judges, certificates=judges)
    for request in (TOKEN, CERTIFICATE):
        assert await settled(judge.judge(request)) == await _granting()
    assert judges.asked == [TOKEN, CERTIFICATE]


def test_without_a_judge_of_them_they_are_unavailable(rig: Rig) -> None:
    for request, claimed in ((TOKEN, "Ted"), (CERTIFICATE, "")):
        judgement = rig.authenticator.judge(request)
        assert isinstance(judgement, Judgement)
        assert (judgement.answer, judgement.claimed) == (sasl.Unavailable(), claimed)
        assert judgement.unavailable


# --- keys come of logins --------------------------------------------------------------------------------------


def _stored(rig: Rig, name: str = "ted") -> Credentials:
    found = rig.directory.credentials(name)
    assert found is not None
    return found


async def test_a_login_by_password_makes_the_keys_that_are_missing_once(rig: Rig) -> None:
    hasher = CountingHasher(passes=2)
    judge = rig.another(scram=True, hasher=hasher)
    before = _stored(rig)
    assert isinstance(await settled(judge.verify_password(b"Ted", WRONG)), Refused)
    assert _stored(rig).sealed_scram is None
    assert isinstance(await settled(judge.verify_password(b"Ted", RIGHT)), Accepted)
    now = _stored(rig)
    assert now.sealed_scram is not None
    keys = unseal_scram_keys(rig.sealer, rig.ted.id, now.sealed_scram)
    assert all(keys[each].fit(RIGHT) for each in ScramHash)
    # Together with the hash of today's parameters, and with no new generation: what proved right still holds.
    assert (hasher.verified, hasher.made) == (2, 1)
    assert now.password_hash != before.password_hash
    assert now.account == before.account
    assert judge.verify_password(b"Ted", RIGHT) == Accepted(account=rig.ted)
    assert isinstance(await settled(rig.another(scram=True).judge(_plain())), Judgement)
    assert _stored(rig).sealed_scram == now.sealed_scram


async def test_no_keys_are_made_where_scram_is_off_or_the_account_is_locked(rig: Rig) -> None:
    await rig.log_in()
    rig.directory.set_status("ted", AccountStatus.LOCKED)
    judge = rig.another(scram=True)
    assert await settled(judge.verify_password(b"Ted", RIGHT)) == Refused(reason=RefusalReason.LOCKED)
    assert _stored(rig).sealed_scram is None


async def test_keys_whose_sealing_key_is_lost_are_made_anew(rig: Rig) -> None:
    _with_keys(rig, "ted")
    (rig.folder / "key").unlink()
    sealer = Sealer(rig.folder / "key")
    judge = rig.another(scram=True, sealer=sealer)
    assert isinstance(await settled(judge.verify_password(b"Ted", RIGHT)), Accepted)
    sealed = _stored(rig).sealed_scram
    assert sealed is not None
    assert set(unseal_scram_keys(sealer, rig.ted.id, sealed)) == set(ScramHash)


async def test_keys_that_cannot_be_kept_harm_no_login(rig: Rig) -> None:
    judge = rig.another(scram=True, sealer=Sealer(rig.folder / "no" / "key"))
    assert isinstance(await settled(judge.verify_password(b"Ted", RIGHT)), Accepted)
    (fault,) = rig.faults
    assert fault.startswith("no SCRAM keys could be kept for Ted: the key ")


async def test_a_password_that_scram_cannot_carry_logs_in_without_keys(rig: Rig) -> None:
    odd = Secret(b"\xff\xfe")
    rig.directory.set_password("ted", rig.hasher.hash(odd))
    judge = rig.another(scram=True)
    assert isinstance(await settled(judge.verify_password(b"Ted", odd)), Accepted)
    assert _stored(rig).sealed_scram is None
    assert rig.faults == []


async def test_keys_of_a_password_that_was_changed_meanwhile_are_not_kept(rig: Rig) -> None:
    changed = CountingHasher().hash(WRONG)

    class Raced(CountingHasher):
        def verify(self, encoded: str, password: Secret) -> bool:
            fits = super().verify(encoded, password)
            rig.directory.set_password("ted", changed)
            return fits

    judge = rig.another(scram=True, hasher=Raced())
    assert isinstance(await settled(judge.verify_password(b"Ted", RIGHT)), Refused)
    assert _stored(rig).sealed_scram is None


def test_a_new_password_forgets_the_keys_of_the_old(rig: Rig) -> None:
    _with_keys(rig, "ted")
    rig.directory.set_password("ted", "hash")
    assert _stored(rig).sealed_scram is None


# --- whole exchanges ------------------------------------------------------------------------------------------


async def _log_in(
    judge: PasswordAuthenticator, sealer: Sealer, mechanism: str, credentials: sasl.Credentials
) -> tuple[Move, bool]:
    """Let a client and the server speak to each other; gives the verdict, and whether the client is content."""
    row = find(mechanism)
    assert row is not None
    entropy = bytes(range(24))
    server = SaslLogin(
        row.server(ServerMaterial(entropy=entropy, host="pop.example.org", decoy=scram_decoy(sealer))), judge.judge
    )
    client = ClientAuthExchange(row.client(ClientMaterial(credentials=credentials, entropy=entropy[::-1])))
    words = client.start().octets.split()
    assert words[:2] == [b"AUTH", mechanism.encode()]
    move: Move = await settled(server.begin(Secret(words[2]) if len(words) > 2 else None))
    while isinstance(move, SendLine):
        answer = client.receive_line(move.octets.removesuffix(b"\r\n"))
        assert isinstance(answer, SendLine)
        move = await settled(server.receive(Secret(answer.octets.removesuffix(b"\r\n"))))
    try:
        end = client.receive_line(b"+OK" if isinstance(move, Accepted) else b"-ERR [AUTH] no")
    except sasl.MechanismError:
        return move, False
    return move, isinstance(end, LoggedIn)


def _is_sendable(text: str) -> bool:
    try:
        return prepared(text) != "" and len(text.encode()) <= 248
    except (NotPreparable, UnicodeEncodeError):
        return False


PASSWORDS = st.text(min_size=1, max_size=20).filter(lambda text: _is_sendable(text) and "\0" not in text)


@pytest.mark.rule("A6")
@settings(max_examples=40, deadline=None)
@given(
    mechanism=st.sampled_from([each.value for each in ScramHash]),
    password=PASSWORDS.filter(lambda text: not set(text) & set("\r\n")),
    tried=st.none() | PASSWORDS,
    name=st.sampled_from(["ted", "TED", "tim", "keyless"]),
    authzid=st.sampled_from([None, "ted", "Ted", "tim"]),
    locked=st.booleans(),
)
@example(mechanism="SCRAM-SHA-256", password="SECRET", tried=None, name="TED", authzid="Ted", locked=False)
@example(mechanism="SCRAM-SHA-1", password="½\u00a0Ⅸ", tried="1⁄2 IX", name="ted", authzid=None, locked=False)
@example(mechanism="SCRAM-SHA-1", password="SECRET", tried=None, name="ted", authzid=None, locked=True)
async def test_scram_lets_in_who_has_the_password_of_an_open_account_and_nobody_else(
    mechanism: str, password: str, tried: str | None, name: str, authzid: str | None, locked: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        rig = Rig(Path(folder))
        try:
            rig.directory.set_password("ted", rig.hasher.hash(Secret(password.encode())))
            rig.directory.add("keyless", _stored(rig).password_hash)
            judge = rig.another(scram=True)
            assert isinstance(await settled(judge.verify_password(b"ted", Secret(password.encode()))), Accepted)
            if locked:
                rig.directory.set_status("ted", AccountStatus.LOCKED)
            shown = password if tried is None else tried
            credentials = sasl.Credentials(authcid=name, authzid=authzid, password=Secret(shown.encode()))
            verdict, content = await _log_in(judge, rig.sealer, mechanism, credentials)
            ted = rig.directory.find("ted")
            may = (
                name.lower() == "ted"
                and not locked
                and authzid in (None, "ted", "Ted")
                and prepared(shown) == prepared(password)
            )
            assert content is may
            if may:
                assert ted is not None
                assert verdict == Accepted(account=ted)
            else:
                assert isinstance(verdict, Refused)
        finally:
            rig.close()


@pytest.mark.rule("A6")
async def test_a_refused_scram_login_names_its_reason_for_the_log(rig: Rig) -> None:
    _with_keys(rig, "ted")
    rig.directory.add("plain", "hash")
    for name, password, reason in (
        ("ted", WRONG, RefusalReason.WRONG_PASSWORD),
        ("tim", RIGHT, RefusalReason.UNKNOWN_NAME),
        ("plain", RIGHT, RefusalReason.NO_KEYS),
    ):
        credentials = sasl.Credentials(authcid=name, password=password)
        ended = await _log_in(rig.authenticator, rig.sealer, "SCRAM-SHA-256", credentials)
        assert ended == (Refused(reason=reason), False)


async def test_cram_md5_proves_the_secret_that_apop_has_sealed(rig: Rig) -> None:
    _with_secret(rig, "ted")
    for password, verdict in (
        (RIGHT, Accepted(account=_stored(rig).account)),
        (WRONG, Refused(reason=RefusalReason.WRONG_PASSWORD)),
    ):
        credentials = sasl.Credentials(authcid="ted", password=password)
        ended = await _log_in(rig.authenticator, rig.sealer, "CRAM-MD5", credentials)
        assert ended == (verdict, isinstance(verdict, Accepted))


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
async def test_a_password_that_is_shown_is_judged_as_by_pass(rig: Rig, mechanism: str) -> None:
    for password, verdict in (
        (RIGHT, Accepted(account=rig.ted)),
        (WRONG, Refused(reason=RefusalReason.WRONG_PASSWORD)),
    ):
        credentials = sasl.Credentials(authcid="ted", password=password)
        ended = await _log_in(rig.authenticator, rig.sealer, mechanism, credentials)
        assert ended == (verdict, isinstance(verdict, Accepted))


async def test_a_token_nobody_judges_is_the_systems_fault(rig: Rig) -> None:
    credentials = sasl.Credentials(authcid="ted", token=Secret(b"token"))
    verdict, content = await _log_in(rig.authenticator, rig.sealer, "OAUTHBEARER", credentials)
    assert isinstance(verdict, Unavailable)
    assert not content
