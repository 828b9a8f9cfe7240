"""One session: commands in, answers out. The one place where a reply is chosen.

It knows no sockets: `answer` gives octets, or what is to be waited for, or an `Outflow` for a long message; the
connection pumps them. Where an answer is known at once it is given at once: no task, no queue.

How it fails: a store or an authenticator that cannot answer is `-ERR [SYS/TEMP]`; a message that another program
took away ends the session, since what was listed is no longer true. Nothing is removed unless QUIT came.
Sources: RFC 1939 §4–7, RFC 2449 §5 and §8, RFC 3206 §4–6, RFC 6856 §2–3 and §5.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final, assert_never

from restante.doors.channel import Channel
from restante.doors.gate import GateClosed
from restante.maildrop.transaction import MarkedMessage, NoSuchMessage, Transaction
from restante.ports.accounts import Accepted, Account, Refused, Unavailable, Verdict
from restante.ports.events import (
    LoginAccepted,
    LoginDeferred,
    LoginRefused,
    MaildropBusy,
    Outcome,
    UpdateFailed,
)
from restante.ports.soon import Later, Soon, attempt, attempt_later
from restante.ports.stores import (
    Holder,
    LongMessage,
    MaildropInUse,
    MessageGone,
    OpenMaildrop,
    StoreFault,
    TooSoon,
)
from restante.proto import commands
from restante.proto.commands import Command
from restante.proto.parser import Misuse
from restante.proto.server import ServerProtocol
from restante.proto.terms import MessageNumber, ResponseCode, State
from restante.server.authorization import Answer, Authorization
from restante.server.languages import Text
from restante.server.sending import Sending
from restante.server.services import Services
from restante.server.tally import Tally
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
        "_claim",
        "_maildrop",
        "_protocol",
        "_sending",
        "_services",
        "_transaction",
        "_wording",
        "account",
        "id",
        "outcome",
        "peer",
        "started",
        "tally",
    )

    outcome: Outcome | None
    """How the session ended, or None while it goes on."""
    account: Account | None
    """Who is logged in."""

    def __init__(
        self,
        *,
        services: Services,
        protocol: ServerProtocol,
        session_id: str,
        peer: str,
        timestamp: bytes,
        claim: Callable[[str], GateClosed | None],
    ) -> None:
        """Begin. `timestamp` is the APOP msg-id, empty without APOP; `claim` counts the sessions of an account."""
        self.id = session_id
        self.peer = peer
        self.outcome = None
        self._services = services
        self._claim = claim
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
            session_id=session_id,
            peer=peer,
            judged=self._judged,
            bad=self._bad,
        )
        self.account = None
        self._maildrop: OpenMaildrop | None = None
        self._transaction: Transaction | None = None
        self._sending: Sending | None = None
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
        return self._transaction is not None

    def lose(self, outcome: Outcome) -> None:
        """End a session whose connection ends before QUIT did, with no answer waited for: nothing is removed."""
        if self.outcome is None:
            self._authorization.leave_exchange()
            self._end(outcome)

    def answer(self, command: Command | Misuse) -> Soon[Answer]:
        """Answer a command."""
        self.tally.commands += 1
        # In the order of how often they come.
        match command:
            case commands.Retr(number):
                return self._retr(number)
            case commands.Dele(number):
                return self._dele(number)
            case commands.List(number):
                return self._list(number)
            case commands.Uidl(number):
                return self._uidl(number)
            case commands.Stat():
                transaction = self._in_transaction()
                return b"+OK %d %d\r\n" % (transaction.count, transaction.octets)
            case commands.Top(number, lines):
                return self._top(number, lines)
            case commands.User() | commands.Pass() | commands.Apop() | commands.Auth() | commands.AuthResponse():
                return self._authorization.log_in(command)
            case commands.Stls():
                return self._authorization.begin_tls()
            case commands.Utf8():
                return self._authorization.begin_utf8()
            case commands.Noop():
                return b"+OK\r\n"
            case commands.Rset():
                transaction = self._in_transaction()
                transaction.reset()
                return self._wording.counting(Text.NONE_MARKED, transaction.count, octets=transaction.octets)
            case commands.Capa():
                return self._authorization.capabilities(logged_in=self._transaction is not None)
            case commands.Lang(language_range):
                return self._wording.choose(language_range) if language_range else self._wording.languages()
            case commands.Quit():
                return self._quit()
            case Misuse():
                self._authorization.leave_exchange()
                return self._bad(self._wording.misuse(command, self._protocol.state))
            case _:
                assert_never(command)

    def _in_transaction(self) -> Transaction:
        assert self._transaction is not None, "the protocol gives out such commands in TRANSACTION only"
        return self._transaction

    def _opened_maildrop(self) -> OpenMaildrop:
        assert self._maildrop is not None, "the protocol gives out such commands in TRANSACTION only"
        return self._maildrop

    def _opened_sending(self) -> Sending:
        assert self._sending is not None, "the protocol gives out such commands in TRANSACTION only"
        return self._sending

    # --- AUTHORIZATION -------------------------------------------------------------------------------------------

    def _judged(self, verdict: Verdict, name: str, mechanism: str) -> Soon[Answer]:
        match verdict:
            case Accepted(account=account):
                return self._open(account, mechanism)
            case Refused(reason=reason):
                self._services.tell(
                    LoginRefused(session=self.id, peer=self.peer, name=name, mechanism=mechanism, reason=reason)
                )
                # One answer for every reason, so that names cannot be probed (RFC 3206 §5).
                return self._bad(self._wording.err(Text.WRONG_CREDENTIALS, ResponseCode.AUTH))
            case Unavailable(reason=why):
                # Counted, too: else one client could fill the log with these as fast as it can ask.
                return self._bad(self._deferred(name, mechanism, why))
            case _:
                assert_never(verdict)

    def _deferred(self, name: str, mechanism: str, reason: str) -> bytes:
        self._services.tell(
            LoginDeferred(session=self.id, peer=self.peer, name=name, mechanism=mechanism, reason=reason)
        )
        return self._wording.err(Text.LOGIN_DEFERRED, ResponseCode.SYS_TEMP)

    def _open(self, account: Account, mechanism: str) -> Soon[Answer]:
        if closed := self._claim(account.id):
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
        self.account, self._maildrop = account, maildrop
        sending = self._sending = Sending(
            maildrop,
            self._wording,
            utf8=self._authorization.utf8,
            downgrade=self._services.security.downgrades,
        )
        transaction = self._transaction = Transaction(sending.snapshot)
        self._protocol.state = State.TRANSACTION
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

    # --- TRANSACTION ---------------------------------------------------------------------------------------------

    def _list(self, number: MessageNumber | None) -> bytes:
        transaction = self._in_transaction()
        if number is None:
            return self._wording.scan_listing(transaction.count, transaction.octets, transaction.scan_listing())
        try:
            return b"+OK %d %d\r\n" % (number, transaction.octets_of(number))
        except (NoSuchMessage, MarkedMessage) as error:
            return self._wording.not_there(error)

    def _uidl(self, number: MessageNumber | None) -> bytes:
        transaction = self._in_transaction()
        if number is None:
            return self._wording.unique_id_listing(transaction.count, transaction.unique_id_listing())
        try:
            return b"+OK %d %s\r\n" % (number, transaction.unique_id_of(number))
        except (NoSuchMessage, MarkedMessage) as error:
            return self._wording.not_there(error)

    def _dele(self, number: MessageNumber) -> bytes:
        try:
            self._in_transaction().mark_deleted(number)
        except (NoSuchMessage, MarkedMessage) as error:
            return self._wording.not_there(error)
        return self._wording.marked(number)

    def _retr(self, number: MessageNumber) -> Soon[Answer]:
        return self._fetch(number, self._retrieved)

    def _retrieved(self, number: MessageNumber, body: bytes | LongMessage) -> Answer:
        self._opened_maildrop().note_retrieved(number)
        sending, tally = self._opened_sending(), self.tally
        tally.retrieved += 1
        tally.retrieved_octets += sending.snapshot.octets(number)
        return sending.whole(number, body)

    def _top(self, number: MessageNumber, lines: int) -> Soon[Answer]:
        return self._fetch(number, lambda number, body: self._peeked(number, body, lines))

    def _peeked(self, number: MessageNumber, body: bytes | LongMessage, lines: int) -> Answer:
        self.tally.peeked += 1
        return self._opened_sending().cut(number, body, lines)

    def _fetch(
        self, number: MessageNumber, step: Callable[[MessageNumber, bytes | LongMessage], Answer]
    ) -> Soon[Answer]:
        try:
            self._in_transaction().live(number)
        except (NoSuchMessage, MarkedMessage) as error:
            return self._wording.not_there(error)
        if self._opened_sending().refuses(number):
            return self._wording.err(Text.MESSAGE_NEEDS_UTF8, ResponseCode.UTF8, number=number)
        return attempt(
            lambda: self._opened_maildrop().retrieve(number),
            lambda body: step(number, body),  # type: ignore[arg-type]  # see Soon
            errors=(StoreFault,),
            rescue=lambda error: self._not_fetched(number, error),
        )

    def _not_fetched(self, number: MessageNumber, error: Exception) -> bytes:
        if isinstance(error, MessageGone):
            # Nothing of it was sent yet, so this can be said; but the listings are no longer true.
            self._end(Outcome.MESSAGE_GONE)
            return self._wording.err(Text.MESSAGE_GONE, ResponseCode.SYS_TEMP, number=number)
        return self._wording.err(Text.MESSAGE_UNREADABLE, ResponseCode.SYS_TEMP, number=number)

    # --- the end -------------------------------------------------------------------------------------------------

    def _quit(self) -> Soon[Answer]:
        transaction = self._transaction
        if transaction is None:
            self._end(Outcome.QUIT)
            return self._wording.ok(Text.GOOD_BYE)
        self._protocol.state = State.UPDATE
        # With nothing marked, too: what the site's retention policy says is due goes in the same step.
        try:
            updated = self._opened_maildrop().update(transaction.plan())
        except StoreFault as error:
            return self._not_updated(error)
        if isinstance(updated, Later):
            return attempt_later(updated, self._updated, errors=(StoreFault,), rescue=self._not_updated)
        return self._updated(None)

    def _updated(self, _: None) -> bytes:
        transaction, maildrop = self._in_transaction(), self._opened_maildrop()
        self.tally.count_removed(transaction, expired=maildrop.expired, expired_octets=maildrop.expired_octets)
        self._end(Outcome.QUIT)
        removed, left = self.tally.removed, len(transaction.snapshot) - self.tally.removed
        return self._wording.counting(Text.REMOVED, removed, left=left) if removed else self._wording.left(left)

    def _not_updated(self, error: Exception) -> bytes:
        assert self.account is not None
        self._services.tell(UpdateFailed(session=self.id, account=self.account.name, error=str(error)))
        self._end(Outcome.UPDATE_FAILED)
        return self._wording.err(Text.NOT_REMOVED, ResponseCode.SYS_TEMP)

    def _bad(self, reply: bytes) -> bytes:
        self.tally.bad_commands += 1
        if self.tally.bad_commands < self._services.limits.bad_commands:
            return reply
        self._end(Outcome.TOO_MANY_BAD_COMMANDS)
        return reply

    def _end(self, outcome: Outcome) -> None:
        """Let go of the maildrop, and say how the session was."""
        self.outcome = outcome
        changed = 0
        if self._maildrop is not None:
            changed = self._maildrop.unique_ids_changed
            self._maildrop.release()
            self._maildrop = None
        self._services.tell(
            self.tally.sum_up(
                self._transaction,
                session=self.id,
                peer=self.peer,
                account=self.account.name if self.account else None,
                outcome=outcome,
                seconds=self._services.clock() - self.started,
                unique_ids_changed=changed,
            )
        )
