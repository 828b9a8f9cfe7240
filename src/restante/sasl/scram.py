"""SCRAM-SHA-1 and SCRAM-SHA-256, each with and without -PLUS: both sides prove the password, neither sends it.

    C: gs2-header n=name,r=nonce
    S: r=nonce+nonce,s=salt,i=iterations
    C: c=base64(gs2-header + binding),r=nonce+nonce,p=proof
    S: v=verifier                                            (as a challenge, which the client answers with nothing)

A name that is not there gets a decoy's salt and the same steps. Of a failed login the server tells nothing in an
`e=`: RFC 5802 §7 leaves that to it, `e=unknown-user` would tell names, and the reply of the protocol follows at
once. A client hears an `e=` all the same. Keys and their derivation are in `scram_keys.py`, channel bindings in
`bindings.py`.
Sources: RFC 5802 §3, §5–7; RFC 7677; RFC 9266.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Collection
from enum import Enum, auto
from typing import Final

from restante.sasl.codec import NotBase64, decode, encode
from restante.sasl.fields import prepared_name, prepared_password
from restante.sasl.gs2 import BindingFlag, Gs2Header, escaped, gs2_header, name_unescaped, read_gs2_header
from restante.sasl.machine import Dialogue, Refusal, ServerMechanism, answered, response_to
from restante.sasl.scram_keys import (
    FEWEST_ITERATIONS,
    LARGEST_SALT_OCTETS,
    MOST_ITERATIONS,
    ScramDecoy,
    ScramHash,
    salted_password,
)
from restante.sasl.terms import (
    Challenge,
    ChannelBinding,
    Credentials,
    Done,
    FailureKind,
    FoundKeys,
    NeedScramKeys,
    PeerMisbehaved,
    ScramRefused,
    ServerNotVerified,
)

__all__ = ["ENTROPY_OCTETS", "PLUS", "ScramClient", "nonce_from", "scram_server"]

PLUS: Final = "-PLUS"
"""What the names of the mechanisms with channel binding end with."""

ENTROPY_OCTETS: Final = 18
"""The fewest random octets of a nonce: 144 bits."""

_PRINTABLE: Final = rb"[!-+\--~]"
"""ASCII without space and comma."""
_EXTENSIONS: Final = rb"(?:,[A-Za-z]=[^,\0]+)*"
"""Those that may be passed over."""
_BASE64: Final = rb"[A-Za-z0-9+/=]"

_NONCE: Final = re.compile(_PRINTABLE + rb"{1,256}")
_CLIENT_FIRST: Final = re.compile(rb"n=([^,]*),r=(" + _PRINTABLE + rb"{1,256})" + _EXTENSIONS)
_CLIENT_FINAL: Final = re.compile(
    rb"(c=(" + _BASE64 + rb"+),r=(" + _PRINTABLE + rb"{1,512})" + _EXTENSIONS + rb"),p=(" + _BASE64 + rb"{28,44})"
)
_SERVER_FIRST: Final = re.compile(
    rb"r=(" + _PRINTABLE + rb"{1,512}),s=(" + _BASE64 + rb"{1,344}),i=([1-9][0-9]{0,8})" + _EXTENSIONS
)
_SERVER_FINAL: Final = re.compile(rb"(?:v=(" + _BASE64 + rb"{28,44})|e=([^,]+))" + _EXTENSIONS)
# Mandatory extensions; nobody has defined one yet.
_MANDATORY: Final = re.compile(rb"(?:\A|,)m=")

_ERRORS: Final = frozenset(
    {
        "invalid-encoding",
        "extensions-not-supported",
        "invalid-proof",
        "channel-bindings-dont-match",
        "server-does-support-channel-binding",
        "channel-binding-not-supported",
        "unsupported-channel-binding-type",
        "unknown-user",
        "invalid-username-encoding",
        "no-resources",
        "other-error",
    }
)
"""Source: RFC 5802 §7, server-error-value."""


def nonce_from(entropy: bytes) -> str:
    """Make a nonce from random octets. Raises ValueError for fewer than `ENTROPY_OCTETS`."""
    if len(entropy) < ENTROPY_OCTETS:
        raise ValueError(f"a nonce is made from at least {ENTROPY_OCTETS} random octets, not {len(entropy)}")
    return encode(entropy).decode("ascii")


def _nonce_octets(nonce: str) -> bytes:
    octets = nonce.encode("ascii", "replace")
    if not nonce.isascii() or _NONCE.fullmatch(octets) is None:
        raise ValueError("a nonce is printable ASCII without comma; make it with nonce_from")
    return octets


def _name(hash: ScramHash, *, plus: bool) -> str:  # noqa: A002 - the RFC's word
    return hash.value + PLUS if plus else hash.value


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


# --- the server's side --------------------------------------------------------------------------------------------


def scram_server(
    hash: ScramHash,  # noqa: A002
    *,
    plus: bool = False,
    nonce: str,
    decoy: ScramDecoy,
    bindings: Collection[ChannelBinding] = (),
) -> ServerMechanism:
    """Give the server's side. Asks NeedScramKeys.

    `nonce` is another one each time (`nonce_from`). `bindings` are those of this connection if the server offers a
    -PLUS mechanism on it, else none: with some, a client that claims to have seen no offer is refused, for somebody
    in between took it out. Raises ValueError for -PLUS without bindings, and for a nonce that is none.
    """
    if plus and not bindings:
        raise ValueError("a -PLUS mechanism needs channel bindings; offer it under TLS only")
    dialogue = _dialogue(hash, _nonce_octets(nonce), decoy, tuple(bindings), plus=plus)
    return ServerMechanism(_name(hash, plus=plus), dialogue)


def _dialogue(
    hash: ScramHash,  # noqa: A002
    nonce: bytes,
    decoy: ScramDecoy,
    bindings: Collection[ChannelBinding],
    *,
    plus: bool,
) -> Dialogue:
    header, first = read_gs2_header((yield from response_to()))
    bound = header.octets + _binding_octets(header, bindings, plus=plus)
    authcid, client_nonce = _read_client_first(first)
    request = NeedScramKeys(hash=hash, authzid=header.authzid, authcid=authcid)
    found = yield from answered(request, FoundKeys)
    # Made in any case, so that it takes no longer for a name that is not there.
    stand_in = decoy.keys(hash, authcid)
    keys = found.keys or stand_in
    if keys.hash is not hash:
        raise TypeError(f"keys of {keys.hash.value} do not answer for {hash.value}")
    both_nonces = client_nonce + nonce
    server_first = b"r=%s,s=%s,i=%d" % (both_nonces, encode(keys.salt), keys.iterations)
    final = yield from response_to(Challenge(octets=server_first))
    without_proof, claimed, proof = _read_client_final(final, both_nonces, hash)
    # From here on nothing depends on whether the account is there, until all of the work is done.
    said = b",".join((first, server_first, without_proof))
    stored_key = keys.stored_key.reveal()
    client_key = _xor(proof, hash.hmac(stored_key, said))
    fits = hmac.compare_digest(hash.digest(client_key), stored_key)
    verifier = hash.hmac(keys.server_key.reveal(), said)
    if not hmac.compare_digest(claimed, bound):
        raise Refusal(FailureKind.BINDING_MISMATCH, "the client is bound to another channel than ours")
    if not (fits and found.keys is not None and found.may_log_in):
        raise Refusal(FailureKind.WRONG_CREDENTIALS, "the credentials are wrong")
    if (yield from response_to(Challenge(octets=b"v=" + encode(verifier)))):
        raise Refusal(FailureKind.MALFORMED, "the server's last message is answered with an empty one")
    return Done(authcid=authcid, authzid=header.authzid)


def _binding_octets(header: Gs2Header, bindings: Collection[ChannelBinding], *, plus: bool) -> bytes:
    """Give the channel's octets that go with a header, none without binding. Source: RFC 5802 §6."""
    if plus is not (header.flag is BindingFlag.USED):
        raise Refusal(FailureKind.MALFORMED, "channel binding goes with the -PLUS mechanisms, and only with them")
    if header.flag is BindingFlag.UNSEEN and bindings:
        raise Refusal(FailureKind.DOWNGRADE, "the client did not see that channel binding is offered")
    if not plus:
        return b""
    for binding in bindings:
        if binding.type.value == header.binding_type:
            return binding.octets
    raise Refusal(FailureKind.UNSUPPORTED, "this type of channel binding is not offered")


def _read_client_first(message: bytes) -> tuple[str, bytes]:
    if _MANDATORY.search(message):
        raise Refusal(FailureKind.UNSUPPORTED, "the client asks for an extension that is not known")
    matched = _CLIENT_FIRST.fullmatch(message)
    if matched is None:
        raise Refusal(FailureKind.MALFORMED, "the client's first message is not n=…,r=…")
    return name_unescaped(matched[1]), matched[2]


def _read_client_final(message: bytes, nonces: bytes, hash: ScramHash) -> tuple[bytes, bytes, bytes]:  # noqa: A002
    if _MANDATORY.search(message):
        raise Refusal(FailureKind.UNSUPPORTED, "the client asks for an extension that is not known")
    matched = _CLIENT_FINAL.fullmatch(message)
    if matched is None:
        raise Refusal(FailureKind.MALFORMED, "the client's last message is not c=…,r=…,p=…")
    if not hmac.compare_digest(matched[3], nonces):
        raise Refusal(FailureKind.MALFORMED, "the nonce is not that of this exchange")
    try:
        bound, proof = decode(matched[2]), decode(matched[4])
    except NotBase64:
        raise Refusal(FailureKind.BAD_ENCODING, "c and p are to be in base64") from None
    if len(proof) != hash.octets:
        raise Refusal(FailureKind.MALFORMED, "the proof has not the octets of the hash")
    return matched[1], bound, proof


# --- the client's side --------------------------------------------------------------------------------------------


class _Turn(Enum):
    """What the client waits for."""

    SERVER_FIRST = auto()
    SERVER_FINAL = auto()
    VERIFIED = auto()
    REFUSED = auto()
    BROKEN = auto()


class ScramClient:
    """The client's side.

    `nonce` is another one each time (`nonce_from`). With `plus` the login is bound to the channel by `binding`.
    Without it, a client that has a `binding` says so if the server did not offer -PLUS (`server_offers_plus`),
    which lets the server find out that the offer was taken away. `most_iterations` bounds what a hostile server can
    make us compute. Raises CredentialUnusable, and ValueError for -PLUS without a binding or a nonce that is none.
    """

    __slots__ = (
        "_bound",
        "_first",
        "_hash",
        "_header",
        "_most_iterations",
        "_nonce",
        "_password",
        "_told",
        "_turn",
        "_verifier",
        "name",
    )

    name: str

    def __init__(
        self,
        hash: ScramHash,  # noqa: A002
        credentials: Credentials,
        *,
        nonce: str,
        plus: bool = False,
        binding: ChannelBinding | None = None,
        server_offers_plus: bool = False,
        most_iterations: int = MOST_ITERATIONS,
    ) -> None:
        self.name = _name(hash, plus=plus)
        self._hash = hash
        self._most_iterations = most_iterations
        self._nonce = _nonce_octets(nonce)
        self._password = prepared_password(credentials)
        self._first = b"n=%s,r=%s" % (escaped(prepared_name(credentials.authcid)), self._nonce)
        authzid = prepared_name(credentials.authzid, field="authzid") if credentials.authzid else None
        if plus:
            if binding is None:
                raise ValueError("a -PLUS mechanism needs a channel binding; choose one without -PLUS")
            self._header = gs2_header(BindingFlag.USED, binding_type=binding.type.value, authzid=authzid)
            self._bound = binding.octets
        else:
            unseen = binding is not None and not server_offers_plus
            flag = BindingFlag.UNSEEN if unseen else BindingFlag.UNSUPPORTED
            self._header = gs2_header(flag, binding_type=None, authzid=authzid)
            self._bound = b""
        self._turn = _Turn.SERVER_FIRST
        self._verifier = b""
        self._told: ScramRefused | None = None

    def start(self) -> bytes:
        """Give the first message."""
        return self._header + self._first

    def respond(self, challenge: bytes) -> bytes:
        """Give the proof to the server's first message, and nothing to its last, once that is verified.

        The first costs a key derivation: run it away from an event loop. Raises PeerMisbehaved, and
        ServerNotVerified where the server cannot prove that it knows the keys.
        """
        turn, self._turn = self._turn, _Turn.BROKEN
        match turn:
            case _Turn.SERVER_FIRST:
                return self._prove(challenge)
            case _Turn.SERVER_FINAL:
                return self._verify(challenge)
            case _:
                raise PeerMisbehaved(mechanism=self.name, reason="goes on after the end")

    def finished(self) -> None:
        """Hear that the server said yes. Raises ServerNotVerified if it did so without its proof."""
        if self._turn is not _Turn.VERIFIED:
            raise ServerNotVerified(
                mechanism=self.name, reason="said yes without proving that it knows the password's keys"
            )

    def refused(self) -> None:
        """Hear that the server said no. Raises ScramRefused with the error that it told, if it did."""
        if self._told is not None:
            raise self._told

    def _prove(self, challenge: bytes) -> bytes:
        if _MANDATORY.search(challenge):
            raise self._misbehaved("asks for an extension that is not known")
        matched = _SERVER_FIRST.fullmatch(challenge)
        if matched is None:
            if challenge.startswith(b"e="):
                return self._hear_error(challenge)
            raise self._misbehaved("sent a first message that is not r=…,s=…,i=…")
        nonces, iterations = matched[1], int(matched[3])
        if not nonces.startswith(self._nonce) or len(nonces) == len(self._nonce):
            raise self._misbehaved("did not add to our nonce")
        if not FEWEST_ITERATIONS <= iterations <= self._most_iterations:
            raise self._misbehaved(
                f"asks for {iterations} iterations; {FEWEST_ITERATIONS} to {self._most_iterations} are taken"
            )
        salt = self._decoded(matched[2])
        if len(salt) > LARGEST_SALT_OCTETS:
            raise self._misbehaved(f"sent a salt of more than {LARGEST_SALT_OCTETS} octets")
        without_proof = b"c=%s,r=%s" % (encode(self._header + self._bound), nonces)
        said = b",".join((self._first, challenge, without_proof))
        salted = salted_password(self._hash, self._password, salt=salt, iterations=iterations)
        client_key = self._hash.hmac(salted, b"Client Key")
        proof = _xor(client_key, self._hash.hmac(self._hash.digest(client_key), said))
        self._verifier = self._hash.hmac(self._hash.hmac(salted, b"Server Key"), said)
        self._turn = _Turn.SERVER_FINAL
        return b"%s,p=%s" % (without_proof, encode(proof))

    def _verify(self, challenge: bytes) -> bytes:
        matched = _SERVER_FINAL.fullmatch(challenge)
        if matched is None:
            raise self._misbehaved("sent a last message that is neither v=… nor e=…")
        if matched[2] is not None:
            return self._hear_error(challenge)
        if not hmac.compare_digest(self._decoded(matched[1]), self._verifier):
            raise ServerNotVerified(mechanism=self.name, reason="does not know the password's keys")
        self._turn = _Turn.VERIFIED
        return b""

    def _hear_error(self, challenge: bytes) -> bytes:
        error = challenge.removeprefix(b"e=").split(b",", 1)[0].decode("ascii", "replace")
        self._told = ScramRefused(error=error if error in _ERRORS else "other-error")
        self._turn = _Turn.REFUSED
        return b""

    def _decoded(self, text: bytes) -> bytes:
        try:
            return decode(text)
        except NotBase64:
            raise self._misbehaved("sent what is not base64") from None

    def _misbehaved(self, reason: str) -> PeerMisbehaved:
        return PeerMisbehaved(mechanism=self.name, reason=reason)
