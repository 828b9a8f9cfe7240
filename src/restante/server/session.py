"""One session: commands in, answers out. The one place where a reply is chosen.

It knows no sockets: `answer` gives octets, or what is to be waited for, or an `Outflow` for a long message; the
connection pumps them. Where an answer is known at once it is given at once: no task, no queue.

How it fails: a store or an authenticator that cannot answer is `-ERR [SYS/TEMP]`; a message that another program
took away ends the session, since what was listed is no longer true. Nothing is removed unless QUIT came.
Sources: RFC 1939 §4–7, RFC 2449 §5 and §8, RFC 3206 §4–6.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

from restante.maildrop.transaction import MarkedMessage, NoSuchMessage, Transaction
from restante.ports.accounts import Accepted, Account, Refused, Unavailable, Verdict
from restante.ports.events import (
    LoginAccepted,
    LoginDeferred,
    LoginRefused,
    MaildropBusy,
    Outcome,
    SessionEnded,
    UpdateFailed,
)
from restante.ports.soon import Soon, attempt
from restante.ports.stores import (
    Holder,
    LongMessage,
    MaildropInUse,
    MessageGone,
    OpenMaildrop,
    StoreFault,
)
from restante.proto import commands, replies
from restante.proto.commands import Command
from restante.proto.lines import TopCutter, top
from restante.proto.parser import Misuse
from restante.proto.server import ServerProtocol
from restante.proto.terms import MessageNumber, Octets, ResponseCode, State
from restante.server import wording
from restante.server.authorization import Answer, Authorization
from restante.server.outflow import Outflow
from restante.server.services import Services

__all__ = ["Session"]


@dataclass(slots=True)
class _Tally:
    """What a session did, for its last line in the log."""

    commands: int = 0
    bad_commands: int = 0
    retrieved: int = 0
    retrieved_octets: int = 0
    peeked: int = 0
    removed: int = 0
    removed_octets: int = 0


class Session:
    """From the greeting to the end.

    `answer` is called with each command in order, and not while an answer is waited for. Once `outcome` is set the
    connection is to be closed when the answer has gone out; `lose` is called when it ends before that.
    """

    __slots__ = (
        "_account",
        "_authorization",
        "_maildrop",
        "_protocol",
        "_services",
        "_started",
        "_tally",
        "_transaction",
        "id",
        "outcome",
        "peer",
    )

    outcome: Outcome | None
    """How the session ended, or None while it goes on."""

    def __init__(
        self, *, services: Services, protocol: ServerProtocol, session_id: str, peer: str, timestamp: bytes
    ) -> None:
        """Begin. `timestamp` is this connection's APOP msg-id, empty where APOP is not offered."""
        self.id = session_id
        self.peer = peer
        self.outcome = None
        self._services = services
        self._protocol = protocol
        self._started = services.clock()
        self._authorization = Authorization(
            services=services,
            protocol=protocol,
            timestamp=timestamp,
            peer=peer,
            judged=self._judged,
            bad=self._bad,
        )
        self._account: Account | None = None
        self._maildrop: OpenMaildrop | None = None
        self._transaction: Transaction | None = None
        self._tally = _Tally()

    # --- what the connection calls -------------------------------------------------------------------------------

    def greeting(self) -> bytes:
        """Give the greeting."""
        return self._authorization.greeting()

    def secured(self) -> None:
        """Hear that the connection is under TLS from here on."""
        self._authorization.secured()

    @property
    def authorized(self) -> bool:
        """Whether a login has taken effect."""
        return self._transaction is not None

    def lose(self, outcome: Outcome) -> None:
        """End a session whose connection ends before QUIT did: nothing is removed (RFC 1939 §3, §6).

        Called when no answer is waited for, and not after the end is a fact already.
        """
        if self.outcome is None:
            self._end(outcome)

    def answer(self, command: Command | Misuse) -> Soon[Answer]:
        """Answer a command."""
        self._tally.commands += 1
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
            case commands.Noop():
                return replies.ok()
            case commands.Rset():
                transaction = self._in_transaction()
                transaction.reset()
                return replies.ok(
                    b"%b, %d octets, none marked" % (wording.messages(transaction.count), transaction.octets)
                )
            case commands.Capa():
                return self._authorization.capabilities(logged_in=self._transaction is not None)
            case commands.Quit():
                return self._quit()
            case Misuse():
                self._authorization.leave_exchange()
                return self._bad(replies.err(wording.misuse(command, self._protocol.state)))
            case _:
                assert_never(command)

    def _in_transaction(self) -> Transaction:
        assert self._transaction is not None, "the protocol gives out such commands in TRANSACTION only"
        return self._transaction

    def _opened_maildrop(self) -> OpenMaildrop:
        assert self._maildrop is not None, "the protocol gives out such commands in TRANSACTION only"
        return self._maildrop

    # --- AUTHORIZATION -------------------------------------------------------------------------------------------

    def _judged(self, verdict: Verdict, name: str, mechanism: str) -> Soon[Answer]:
        match verdict:
            case Accepted(account=account):
                return self._open(account, mechanism)
            case Refused(reason=reason):
                self._services.tell(
                    LoginRefused(
                        session=self.id,
                        peer=self.peer,
                        name=name,
                        mechanism=mechanism,
                        reason=reason,
                    )
                )
                # One answer for every reason, so that names cannot be probed (RFC 3206 §5).
                return self._bad(replies.err(b"name or password is wrong", ResponseCode.AUTH))
            case Unavailable(reason=why):
                return self._deferred(name, mechanism, why)
            case _:
                assert_never(verdict)

    def _deferred(self, name: str, mechanism: str, reason: str) -> bytes:
        self._services.tell(
            LoginDeferred(
                session=self.id,
                peer=self.peer,
                name=name,
                mechanism=mechanism,
                reason=reason,
            )
        )
        return replies.err(
            b"the login cannot be done now, for a reason of the server's; try again later", ResponseCode.SYS_TEMP
        )

    def _open(self, account: Account, mechanism: str) -> Soon[Answer]:
        holder = Holder(peer=self.peer, since_epoch_seconds=self._services.wall_clock())
        return attempt(
            lambda: self._services.store.open(account, holder),
            lambda maildrop: self._opened(account, mechanism, maildrop),
            errors=(MaildropInUse, StoreFault),
            rescue=lambda error: self._not_opened(account, mechanism, error),
        )

    def _not_opened(self, account: Account, mechanism: str, error: Exception) -> bytes:
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
        return replies.err(wording.in_use(holder), ResponseCode.IN_USE)

    def _opened(self, account: Account, mechanism: str, maildrop: OpenMaildrop) -> bytes:
        self._account, self._maildrop = account, maildrop
        transaction = self._transaction = Transaction(maildrop.snapshot)
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
        return b"+OK %b (%d octets)\r\n" % (wording.messages(transaction.count), transaction.octets)

    # --- TRANSACTION ---------------------------------------------------------------------------------------------

    def _list(self, number: MessageNumber | None) -> bytes:
        transaction = self._in_transaction()
        if number is None:
            text = b"%b (%d octets)" % (wording.messages(transaction.count), transaction.octets)
            return replies.listing(text, transaction.scan_listing())
        try:
            return b"+OK %d %d\r\n" % (number, transaction.octets_of(number))
        except (NoSuchMessage, MarkedMessage) as error:
            return replies.err(wording.not_there(error))

    def _uidl(self, number: MessageNumber | None) -> bytes:
        transaction = self._in_transaction()
        if number is None:
            return replies.listing(wording.messages(transaction.count), transaction.unique_id_listing())
        try:
            return b"+OK %d %s\r\n" % (number, transaction.unique_id_of(number))
        except (NoSuchMessage, MarkedMessage) as error:
            return replies.err(wording.not_there(error))

    def _dele(self, number: MessageNumber) -> bytes:
        try:
            self._in_transaction().mark_deleted(number)
        except (NoSuchMessage, MarkedMessage) as error:
            return replies.err(wording.not_there(error))
        return b"+OK message %d is marked; QUIT removes it, RSET takes the mark off\r\n" % number

    def _retr(self, number: MessageNumber) -> Soon[Answer]:
        try:
            octets = self._in_transaction().octets_of(number)
        except (NoSuchMessage, MarkedMessage) as error:
            return replies.err(wording.not_there(error))
        return self._fetch(number, lambda body: self._retrieved(body, octets))

    def _retrieved(self, body: bytes | LongMessage, octets: Octets) -> Answer:
        self._tally.retrieved += 1
        self._tally.retrieved_octets += octets
        if isinstance(body, bytes):
            return replies.message_reply(body)
        return Outflow(b"+OK %d octets\r\n" % octets, body)

    def _top(self, number: MessageNumber, lines: int) -> Soon[Answer]:
        try:
            self._in_transaction().live(number)
        except (NoSuchMessage, MarkedMessage) as error:
            return replies.err(wording.not_there(error))
        return self._fetch(number, lambda body: self._peeked(body, lines))

    def _peeked(self, body: bytes | LongMessage, lines: int) -> Answer:
        self._tally.peeked += 1
        status = b"the headers, and up to %d of the lines after them" % lines
        if isinstance(body, bytes):
            return replies.listing(status, top(body, lines))
        return Outflow(replies.ok(status), body, TopCutter(lines))

    def _fetch(self, number: MessageNumber, step: Callable[[bytes | LongMessage], Answer]) -> Soon[Answer]:
        return attempt(  # type: ignore[misc]  # see Soon
            lambda: self._opened_maildrop().retrieve(number),
            step,
            errors=(StoreFault,),
            rescue=lambda error: self._not_fetched(number, error),
        )

    def _not_fetched(self, number: MessageNumber, error: Exception) -> bytes:
        if isinstance(error, MessageGone):
            # Nothing of it was sent yet, so this can be said; but the listings are no longer true.
            self._end(Outcome.MESSAGE_GONE)
            text = b"message %d was changed or taken away by another program; connect again for a new listing"
            return replies.err(text % number, ResponseCode.SYS_TEMP)
        return replies.err(b"message %d cannot be read now; try again later" % number, ResponseCode.SYS_TEMP)

    # --- the end -------------------------------------------------------------------------------------------------

    def _quit(self) -> Soon[Answer]:
        transaction = self._transaction
        if transaction is None:
            self._end(Outcome.QUIT)
            return replies.ok(b"good-bye")
        self._protocol.state = State.UPDATE
        plan = transaction.plan()
        if not plan.removals:
            return self._updated()
        return attempt(
            lambda: self._opened_maildrop().update(plan),
            lambda _: self._updated(),
            errors=(StoreFault,),
            rescue=self._not_updated,
        )

    def _updated(self) -> bytes:
        transaction = self._in_transaction()
        self._tally.removed = len(transaction.snapshot) - transaction.count
        self._tally.removed_octets = transaction.snapshot.total_octets - transaction.octets
        self._end(Outcome.QUIT)
        if not self._tally.removed:
            return replies.ok(b"good-bye; %b left here" % wording.messages(transaction.count))
        return replies.ok(
            b"%b removed, %d left here; good-bye" % (wording.messages(self._tally.removed), transaction.count)
        )

    def _not_updated(self, error: Exception) -> bytes:
        assert self._account is not None
        self._services.tell(UpdateFailed(session=self.id, account=self._account.name, error=str(error)))
        self._end(Outcome.UPDATE_FAILED)
        return replies.err(b"marked messages could not all be removed; try again later", ResponseCode.SYS_TEMP)

    def _bad(self, reply: bytes) -> bytes:
        self._tally.bad_commands += 1
        if self._tally.bad_commands < self._services.limits.bad_commands:
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
        tally, transaction = self._tally, self._transaction
        self._services.tell(
            SessionEnded(
                session=self.id,
                peer=self.peer,
                account=self._account.name if self._account else None,
                outcome=outcome,
                seconds=self._services.clock() - self._started,
                commands=tally.commands,
                retrieved=tally.retrieved,
                retrieved_octets=tally.retrieved_octets,
                peeked=tally.peeked,
                removed=tally.removed,
                removed_octets=tally.removed_octets,
                left=len(transaction.snapshot) - tally.removed if transaction else 0,
                left_octets=transaction.snapshot.total_octets - tally.removed_octets if transaction else 0,
                unique_ids_changed=changed,
            )
        )
