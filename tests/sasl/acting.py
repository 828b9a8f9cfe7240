"""A small world for the mechanisms to act in: who judges their requests, who plays both sides."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import assert_never

from hypothesis import strategies as st

from restante.proto.terms import Secret
from restante.sasl.machine import ServerMechanism
from restante.sasl.prep import prepared
from restante.sasl.scram_keys import ScramDecoy, ScramKeys, scram_keys
from restante.sasl.terms import (
    Answer,
    Challenge,
    ClientMechanism,
    Credentials,
    Denied,
    Done,
    Failed,
    FoundKeys,
    FoundSecret,
    Granted,
    JudgeCertificate,
    JudgePassword,
    JudgeToken,
    NeedScramKeys,
    NeedSharedSecret,
    Request,
    Step,
    TokenDenied,
    Unavailable,
)

SALT = bytes(range(16))
DECOY = ScramDecoy(key=Secret(b"d" * 32), iterations=4096)


@dataclass
class World:
    """One account, which may act as itself alone; keeps what it was asked."""

    name: str = "ted"
    password: str = "SECRET"
    token: bytes = b"tokentoken"
    locked: bool = False
    away: bool = False
    denial: TokenDenied = field(default_factory=TokenDenied)
    asked: list[Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.name = prepared(self.name)
        self.keys: dict[object, ScramKeys] = {}

    def may(self, authzid: str | None) -> bool:
        return not self.locked and authzid in (None, self.name)

    def answer(self, request: Request) -> Answer:
        self.asked.append(request)
        if self.away:
            return Unavailable()
        match request:
            case JudgePassword(authzid=authzid, authcid=authcid, password=password):
                right = authcid == self.name and password == Secret(prepared(self.password).encode())
                return Granted(authcid=authcid) if right and self.may(authzid) else Denied()
            case NeedScramKeys(hash=hash_, authzid=authzid, authcid=authcid):
                if authcid != self.name:
                    return FoundKeys(keys=None)
                if hash_ not in self.keys:
                    self.keys[hash_] = scram_keys(hash_, Secret(self.password.encode()), salt=SALT, iterations=4096)
                return FoundKeys(keys=self.keys[hash_], may_log_in=self.may(authzid))
            case NeedSharedSecret(authcid=authcid):
                secret = Secret(self.password.encode()) if authcid == self.name else None
                return FoundSecret(secret=secret, may_log_in=not self.locked)
            case JudgeToken(authzid=authzid, token=token):
                return (
                    Granted(authcid=self.name) if token == Secret(self.token) and self.may(authzid) else self.denial
                )
            case JudgeCertificate(authzid=authzid):
                return Granted(authcid=self.name) if self.may(authzid) else Denied()
            case _:
                assert_never(request)

    def settle(self, server: ServerMechanism, step: Step) -> Challenge | Done | Failed:
        """Answer requests until the mechanism wants something of the client, or ends."""
        while not isinstance(step, Challenge | Done | Failed):
            step = server.resume(self.answer(step))
        return step


def log_in(server: ServerMechanism, client: ClientMechanism, world: World) -> Done | Failed:
    """Play an exchange to its end, and tell the client how it ended: what it then raises comes out."""
    step = world.settle(server, server.begin(client.start()))
    if isinstance(step, Challenge) and not server.server_first and not step.octets:
        raise AssertionError("the initial response was not taken")
    while isinstance(step, Challenge):
        step = world.settle(server, server.step(client.respond(step.octets)))
    if isinstance(step, Done):
        client.finished()
    else:
        client.refused()
    return step


def ted(password: str = "SECRET", *, name: str = "ted", authzid: str | None = None) -> Credentials:
    return Credentials(authcid=name, authzid=authzid, password=Secret(password.encode()))


def _preparable(text: str) -> bool:
    try:
        return len(prepared(text).encode()) <= 320
    except ValueError:
        return False


texts = st.one_of(
    st.text(alphabet="ab,=\\ éÄß½日本²ﬁ@.+-", min_size=1, max_size=20),
    st.text(min_size=1, max_size=20),
).filter(lambda text: _preparable(text) and not set(text) & {"\0", "\r", "\n"})
"""Names and passwords that SASLprep takes, with the characters that mechanisms give a meaning."""
