"""One session: commands in, answers out. The one place where a reply is chosen.

It knows no sockets: `answer` gives octets, or what is to be waited for, or an `Outflow` for a long message; the
connection pumps them. Where an answer is known at once it is given at once: no task, no queue.

How it fails: a store or an authenticator that cannot answer is `-ERR [SYS/TEMP]`; a message that another program
took away ends the session, since what was listed is no longer true. Nothing is removed unless QUIT came.
Sources: RFC 1939 §4–7, RFC 2449 §5 and §8, RFC 3206 §4–6, RFC 6856 §2–3 and §5.
"""

from __future__ import annotations

from functools import partial
from typing import Final, assert_never

from restante.doors.channel import Channel
from restante.doors.gate import Entry
from restante.ports.accounts import Accepted, Account, Refused, Unavailable, Verdict
from restante.ports.events import (
    CommandReceived,
    ConnectionOpened,
    Door,
    FaultMet,
    LoginAccepted,
    LoginDeferred,
    LoginRefused,
    MaildropBusy,
    Outcome,
    ReplySent,
    TlsFailed,
    UpdateFailed,
)
from restante.ports.soon import Later, Soon, attempt_later
from restante.ports.stores import (
    Holder,
    MaildropInUse,
    OpenMaildrop,
    StoreFault,
    TooSoon,
)
from restante.proto.commands import (
    Apop,
    Auth,
    AuthResponse,
    Capa,
    Command,
    Dele,
    Lang,
    List,
    Noop,
    Pass,
    Quit,
    Retr,
    Rset,
    Stat,
    Stls,
    Top,
    Uidl,
    User,
    Utf8,
)
from restante.proto.parser import Misuse
from restante.proto.redact import HIDDEN, redacted
from restante.proto.server import ServerProtocol
from restante.proto.terms import ResponseCode, State
from restante.server.authorization import Answer, Authorization
from restante.server.languages import Text
from restante.server.services import Services
from restante.server.tally import Tally
from restante.server.transacting import Transacting
from restante.server.wording import Wording

__all__ = ["Session"]

_NOT_OPENED: Final = (MaildropInUse, StoreFault, TooSoon)


class Session:
    """From the greeting to the end.

    `answer` is called with each command in order, and not while an answer is waited for. Once `outcome` is set the
    connection is to be closed when the answer has gone out; `lose` is called when it ends before that.
    """

    __slots__ = (
        "_authorization",
        "_entry",
        "_protocol",
        "_services",
        "_transacting",
        "_wording",
        "account",
        "id",
        "outcome",
        "peer",
        "started",
        "tally",
    )

    # mypyc wants to be told of what is deleted.
    __deletable__ = ("_authorization", "_transacting")

    outcome: Outcome | None
    """How the session ended, or None while it goes on."""
    account: Account | None
    """Who is logged in."""
    _transacting: Transacting
    """From the login on, and the protocol gives out commands that need it in TRANSACTION only."""

    def __init__(
        self,
        *,
        services: Services,
        protocol: ServerProtocol,
        session_id: str,
        peer: str,
        timestamp: bytes,
        entry: Entry,
    ) -> None:
        """Begin. `timestamp` is the APOP msg-id, empty without APOP; `entry` counts the sessions of an account."""
        self.id = session_id
        self.peer = peer
        self.outcome = None
        self._services = services
        self._entry = entry
        self._protocol = protocol
        if withheld := services.security.disabled_capabilities:
            protocol.withheld = frozenset(tag.encode("ascii") for tag in withheld)
        self._wording = Wording(withheld=withheld)
        self.started = services.clock()
        self._authorization = Authorization(
            services=services,
            protocol=protocol,
            wording=self._wording,
            timestamp=timestamp,
            session=self,
        )
        self.account = None
        self.tally = Tally()

    # --- what the connection calls -------------------------------------------------------------------------------

    def greeting(self) -> bytes:
        """Give the greeting."""
        return self._authorization.greeting()

    def secured(self, channel: Channel) -> None:
        """Hear that the connection is under TLS from here on, and what that gives to a login."""
        self._authorization.secured(channel)

    def failed(self) -> bytes:
        """Give the answer to a command at which the server failed."""
        return self._wording.err(Text.SERVER_FAILED, ResponseCode.SYS_TEMP)

    @property
    def authorized(self) -> bool:
        """Whether a login has taken effect."""
        return self.account is not None

    def lose(self, outcome: Outcome) -> None:
        """End a session whose connection ends before QUIT did, with no answer waited for: nothing is removed."""
        if self.outcome is None:
            self._authorization.leave_exchange()
            self.end(outcome)

    def answer(self, command: Command | Misuse) -> Soon[Answer]:
        """Answer a command."""
        self.tally.commands += 1
        # In the order of how often they come.
        match command:
            case Retr():
                return self._transacting.retrieve(command.number)
            case Dele():
                return self._transacting.mark(command.number)
            case User() | Pass():
                return self._authorization.log_in(command)
            case Stat():
                return self._transacting.drop_listing()
            case Quit():
                return self._quit()
            case List():
                return self._transacting.scan_listing(command.number)
            case Uidl():
                return self._transacting.unique_id_listing(command.number)
            case Top():
                return self._transacting.top(command.number, command.lines)
            case Apop() | Auth() | AuthResponse():
                return self._authorization.log_in(command)
            case Stls():
                return self._authorization.begin_tls()
            case Utf8():
                return self._authorization.begin_utf8()
            case Noop():
                return b"+OK\r\n"
            case Rset():
                return self._transacting.reset()
            case Capa():
                return self._authorization.capabilities(logged_in=self.authorized)
            case Lang(language_range):
                return self._wording.choose(language_range) if language_range else self._wording.languages()
            case Misuse():
                self._authorization.leave_exchange()
                return self.bad(self._wording.misuse(command, self._protocol.state))
            case _:
                assert_never(command)

    # --- what the connection met ---------------------------------------------------------------------------------

    def tell_opened(self, *, secured: bool) -> None:
        """Tell that the connection is there."""
        self._services.tell(ConnectionOpened(session=self.id, door=Door.POP3, peer=self.peer, secured=secured))

    def tell_command(self) -> None:
        """Tell of the command that came last, to those who want the wire."""
        self._services.tell(CommandReceived(session=self.id, line=redacted(self._protocol.last_line) or HIDDEN))

    def tell_reply(self, reply: bytes) -> None:
        """Tell of a reply, to those who want the wire."""
        line = reply[: reply.index(b"\r\n")]
        self._services.tell(ReplySent(session=self.id, line=line, octets=len(reply)))

    def tell_tls_failed(self, reason: str) -> None:
        """Tell of a handshake that did not end well."""
        self._services.tell(TlsFailed(session=self.id, door=Door.POP3, peer=self.peer, reason=reason))

    def tell_fault(self, error: Exception) -> None:
        """Tell of a fault of ours."""
        fault = f"{type(error).__name__}: {error}"
        self._services.tell(FaultMet(session=self.id, what="a session", error=fault))

    # --- AUTHORIZATION -------------------------------------------------------------------------------------------

    def judged(self, verdict: Verdict, name: str, mechanism: str) -> Soon[Answer]:
        """Take the verdict on credentials, and open the maildrop where they are right."""
        match verdict:
            case Accepted(account=account):
                return self._open(account, mechanism)
            case Refused(reason=reason):
                self._services.tell(
                    LoginRefused(session=self.id, peer=self.peer, name=name, mechanism=mechanism, reason=reason)
                )
                # One answer for every reason, so that names cannot be probed (RFC 3206 §5).
                return self.bad(self._wording.err(Text.WRONG_CREDENTIALS, ResponseCode.AUTH))
            case Unavailable(reason=why):
                # Counted, too: else one client could fill the log with these as fast as it can ask.
                return self.bad(self._deferred(name, mechanism, why))
            case _:
                assert_never(verdict)

    def _deferred(self, name: str, mechanism: str, reason: str) -> bytes:
        self._services.tell(
            LoginDeferred(session=self.id, peer=self.peer, name=name, mechanism=mechanism, reason=reason)
        )
        return self._wording.err(Text.LOGIN_DEFERRED, ResponseCode.SYS_TEMP)

    def _open(self, account: Account, mechanism: str) -> Soon[Answer]:
        if closed := self._entry.claim_account(account.id):
            return self._deferred(account.name, mechanism, closed.reason.value)
        holder = Holder(peer=self.peer, since_epoch_seconds=self._services.wall_clock())
        try:
            maildrop = self._services.store.open(account, holder)
        except _NOT_OPENED as error:
            return self._not_opened(account, mechanism, error)
        if isinstance(maildrop, Later):
            step, rescue = partial(self._opened, account, mechanism), partial(self._not_opened, account, mechanism)
            return attempt_later(maildrop, step, errors=_NOT_OPENED, rescue=rescue)
        return self._opened(account, mechanism, maildrop)

    def _not_opened(self, account: Account, mechanism: str, error: Exception) -> bytes:
        if isinstance(error, TooSoon):
            self._deferred(account.name, mechanism, str(error))
            return self._wording.too_soon(error.retry_in_seconds)
        if not isinstance(error, MaildropInUse):
            return self._deferred(account.name, mechanism, str(error))
        holder = error.holder
        self._services.tell(
            MaildropBusy(
                session=self.id,
                peer=self.peer,
                account=account.name,
                held_by=holder.peer if holder else None,
                held_since_epoch_seconds=holder.since_epoch_seconds if holder else None,
            )
        )
        return self._wording.in_use(holder)

    def _opened(self, account: Account, mechanism: str, maildrop: OpenMaildrop) -> bytes:
        self.account = account
        transacting = self._transacting = Transacting(
            maildrop,
            self._wording,
            self.tally,
            utf8=self._authorization.utf8,
            downgrade=self._services.security.downgrades,
            session=self,
        )
        transaction = transacting.transaction
        self._protocol.state = State.TRANSACTION
        self._protocol.forget_said()
        self._services.tell(
            LoginAccepted(
                session=self.id,
                peer=self.peer,
                account=account.name,
                mechanism=mechanism,
                messages=transaction.count,
                octets=transaction.octets,
            )
        )
        return self._wording.maildrop(transaction.count, transaction.octets)

    # --- the end -------------------------------------------------------------------------------------------------

    def _quit(self) -> Soon[Answer]:
        if not self.authorized:
            self.end(Outcome.QUIT)
            return self._wording.ok(Text.GOOD_BYE)
        self._protocol.state = State.UPDATE
        transacting = self._transacting
        # With nothing marked, too: what the site's retention policy says is due goes in the same step.
        try:
            updated = transacting.maildrop.update(transacting.transaction.plan())
        except StoreFault as error:
            return self._not_updated(error)
        if isinstance(updated, Later):
            return attempt_later(updated, self._updated, errors=(StoreFault,), rescue=self._not_updated)
        return self._updated(None)

    def _updated(self, _: None) -> bytes:
        transaction, maildrop = self._transacting.transaction, self._transacting.maildrop
        self.tally.count_removed(transaction, expired=maildrop.expired, expired_octets=maildrop.expired_octets)
        self.end(Outcome.QUIT)
        removed, left = self.tally.removed, len(transaction.snapshot) - self.tally.removed
        return self._wording.counting(Text.REMOVED, removed, left=left) if removed else self._wording.left(left)

    def _not_updated(self, error: Exception) -> bytes:
        assert self.account is not None
        self._services.tell(UpdateFailed(session=self.id, account=self.account.name, error=str(error)))
        self.end(Outcome.UPDATE_FAILED)
        return self._wording.err(Text.NOT_REMOVED, ResponseCode.SYS_TEMP)

    def bad(self, reply: bytes) -> bytes:
        """Count an answer to a bad command; too many of them end the session."""
        self.tally.bad_commands += 1
        if self.tally.bad_commands < self._services.limits.bad_commands:
            return reply
        self.end(Outcome.TOO_MANY_BAD_COMMANDS)
        return reply

    def end(self, outcome: Outcome) -> None:
        """Let go of the maildrop, and say how the session was. Once: `outcome` is set from here on."""
        self.outcome = outcome
        changed, account, transaction = 0, self.account, None
        if account is not None:
            maildrop, transaction = self._transacting.maildrop, self._transacting.transaction
            changed = maildrop.unique_ids_changed
            maildrop.release()
            del self._transacting
        # Both hold the session as it holds them: in a circle they would stay until the collector came for them.
        del self._authorization
        self._services.tell(
            self.tally.sum_up(
                transaction,
                session=self.id,
                peer=self.peer,
                account=account.name if account else None,
                outcome=outcome,
                seconds=self._services.clock() - self.started,
                unique_ids_changed=changed,
            )
        )
