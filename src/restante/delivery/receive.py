"""Taking mail in: whose it is, and putting it into maildrops in two phases.

All doors use this one receiver. It knows no protocol and no socket; the doors choose when to ask and how to answer.
A message is staged for each account (durable, out of sight), then published. What a crash leaves behind:
- before or during staging: nothing in any maildrop; the sender got no answer and tries again;
- between staging and publishing: staged copies, which the store's check sweeps; the sender tries again;
- while publishing, or before the answer is out: copies in some or all maildrops; the sender tries again, and those
  owners get the message twice. Twice is the choice: the other order would lose it (RFC 1047).
Sources: RFC 5321 §3.6 (no relay), §4.5.1 (postmaster), §6.1 (responsibility); RFC 2033 §4.2 (an answer for each).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, assert_never

from restante.delivery.envelope import Envelope, Recipient, parse_address
from restante.delivery.intake import HeldOctets
from restante.delivery.limits import HELD_OCTETS
from restante.delivery.replies import BareLineEnds, Cause, OverQuotaAnswer, Rejection
from restante.delivery.trace import Arrival, cut_return_path, trace_header
from restante.ports.accounts import Account, AccountDirectory, AccountFault, AccountId
from restante.ports.events import DeliveryDeferred, DeliveryRefused, Door, FaultMet, Listener, MessageDelivered
from restante.ports.soon import Later
from restante.ports.stores import OverQuota, StagedMessage, Store, StoreFault, StoreFull
from restante.proto.lines import canonical, has_bare_line_end

__all__ = ["Delivered", "Receiver", "RecipientOutcome"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """The message is durable in the account's maildrop."""

    account: Account
    octets: int
    """Of the message as it lies there, trace header included."""


RecipientOutcome: TypeAlias = Delivered | Rejection


class Receiver:
    """Finds the accounts that addresses lead to, and delivers to them.

    `domains` are those whose mail is taken; the host's own name is one of them always. `recipient_delimiter` starts
    the part of a local part that is the owner's own affair (`ted+lists`); None: no such thing. `postmaster` is the
    name of the account that gets mail for postmaster where no account of that name exists; None: such mail is
    refused, against RFC 5321 §4.5.1. `clock` gives seconds since the epoch. `held_octets` bounds what the messages
    under way take up in memory, all together. `over_quota` says what a sender hears whose recipient may not keep
    more.
    """

    def __init__(
        self,
        store: Store,
        directory: AccountDirectory,
        tell: Listener,
        *,
        hostname: str,
        domains: frozenset[str],
        recipient_delimiter: str | None = "+",
        postmaster: str | None = None,
        clock: Callable[[], float],
        held_octets: int = HELD_OCTETS,
        over_quota: OverQuotaAnswer = OverQuotaAnswer.DEFER,
    ) -> None:
        self._store = store
        self._directory = directory
        self._tell = tell
        self._domains = frozenset(domain.lower() for domain in domains) | {hostname.lower()}
        self._delimiter = recipient_delimiter
        self._postmaster = postmaster
        self._clock = clock
        self._over_quota = over_quota
        self.hostname = hostname
        self.room = HeldOctets(held_octets)
        """What the messages under way take up; the doors count them in and out."""

    async def resolve(self, address: str) -> Account | Rejection:
        """Find the account that an address leads to.

        The full address first, then without its tag; where the domain is ours or absent also the local part, then
        that without its tag; then postmaster. A locked account gets mail like any other.
        """
        parsed = parse_address(address)
        if parsed is None:
            return Rejection(cause=Cause.BAD_ADDRESS)
        local, domain = parsed.local, parsed.domain
        is_ours = domain is None or domain in self._domains
        locals_ = [local]
        if self._delimiter and (at := local.find(self._delimiter)) > 0:
            locals_.append(local[:at])
        names = [f"{name}@{domain}" for name in locals_] if domain is not None else []
        if is_ours:
            # A quoted `"ted@elsewhere.org"@ours` is no way round the domains: it names nobody.
            names += [name for name in locals_ if "@" not in name]
            if local.lower() == "postmaster" and self._postmaster is not None:
                names.append(self._postmaster)
        try:
            for name in names:
                found = self._directory.find(name)
                account = await found if isinstance(found, Later) else found
                if account is not None:
                    return account
        except AccountFault as error:
            return Rejection(cause=Cause.ACCOUNTS_FAULT, detail=str(error))
        return Rejection(cause=Cause.NO_SUCH_ACCOUNT if is_ours else Cause.FOREIGN_DOMAIN)

    async def deliver(
        self,
        envelope: Envelope,
        octets: bytes,
        arrival: Arrival,
        *,
        bare_line_ends: BareLineEnds = BareLineEnds.NORMALISE,
    ) -> tuple[RecipientOutcome, ...]:
        """Deliver a message, and say for each recipient in order what became of it. Delivered means durable.

        `octets` come as they were received, without stuffed dots. By SMTP, which has one answer for all, it is all
        or none: the outcomes are all Delivered or all the same Rejection. Where publishing fails for a later
        account, the earlier ones keep their copy and will get another. By the other doors each account is its own.
        Recipients that lead to one account get one copy, with the first one's address. Never raises but for
        cancellation; then nothing is promised, and what was staged is discarded.
        """
        if bare_line_ends is BareLineEnds.REFUSE and has_bare_line_end(octets):
            return self.refuse(envelope, Rejection(cause=Cause.BARE_LINE_END), arrival)
        octets, _ = cut_return_path(canonical(octets))
        copies: dict[AccountId, Recipient] = {}
        for recipient in envelope.recipients:
            copies.setdefault(recipient.account.id, recipient)
        deliver = self._deliver_all_or_none if arrival.door is Door.SMTP else self._deliver_each
        outcomes = await deliver(envelope.reverse_path, list(copies.values()), octets, arrival)
        by_account = dict(zip(copies, outcomes, strict=True))
        for outcome, recipient in zip(outcomes, copies.values(), strict=True):
            self._report(outcome, recipient.address, envelope.reverse_path, arrival)
        return tuple(by_account[recipient.account.id] for recipient in envelope.recipients)

    def refuse(self, envelope: Envelope, rejection: Rejection, arrival: Arrival) -> tuple[RecipientOutcome, ...]:
        """Give the outcomes of a message that is not taken at all, and tell it once."""
        self._report(rejection, "", envelope.reverse_path, arrival)
        return (rejection,) * len(envelope.recipients)

    def tell_rejection(self, rejection: Rejection, address: str, *, session: str | None, door: Door) -> None:
        """Tell that a recipient was not taken."""
        event = DeliveryDeferred if rejection.is_temporary else DeliveryRefused
        self._tell(event(session=session, door=door, recipient=address, reason=rejection.reason))

    def _report(self, outcome: RecipientOutcome, address: str, reverse_path: str, arrival: Arrival) -> None:
        match outcome:
            case Delivered(account=account, octets=octets):
                self._tell(
                    MessageDelivered(
                        session=arrival.session,
                        door=arrival.door,
                        account=account.name,
                        octets=octets,
                        reverse_path=reverse_path,
                    )
                )
            case Rejection():
                self.tell_rejection(outcome, address, session=arrival.session, door=arrival.door)
            case _:
                assert_never(outcome)

    async def _deliver_each(
        self, reverse_path: str, copies: Sequence[Recipient], octets: bytes, arrival: Arrival
    ) -> Sequence[RecipientOutcome]:
        copies_under_way = [self._deliver_one(reverse_path, copy, octets, arrival) for copy in copies]
        if len(copies_under_way) == 1:
            return [await copies_under_way[0]]
        return await asyncio.gather(*copies_under_way)

    async def _deliver_one(
        self, reverse_path: str, copy: Recipient, octets: bytes, arrival: Arrival
    ) -> RecipientOutcome:
        staged = await self._stage(reverse_path, copy, octets, arrival)
        return staged if isinstance(staged, Rejection) else await self._publish(staged, arrival)

    async def _deliver_all_or_none(
        self, reverse_path: str, copies: Sequence[Recipient], octets: bytes, arrival: Arrival
    ) -> Sequence[RecipientOutcome]:
        if len(copies) == 1:  # the common case, without tasks
            return [await self._deliver_one(reverse_path, copies[0], octets, arrival)]
        asked = [asyncio.ensure_future(self._stage(reverse_path, copy, octets, arrival)) for copy in copies]
        try:
            answers = await asyncio.gather(*asked)
            failed = next((answer for answer in answers if isinstance(answer, Rejection)), None)
            outcomes: list[RecipientOutcome] = []
            for answer in answers:
                if failed is not None:
                    break
                if isinstance(answer, _Staged):
                    outcome = await self._publish(answer, arrival)
                    failed = outcome if isinstance(outcome, Rejection) else None
                    outcomes.append(outcome)
        except asyncio.CancelledError:
            await _discard_untouched(await asyncio.gather(*asked, return_exceptions=True))
            raise
        if failed is None:
            return outcomes
        await _discard_untouched(answers)
        return [failed] * len(copies)

    async def _stage(
        self, reverse_path: str, copy: Recipient, octets: bytes, arrival: Arrival
    ) -> _Staged | Rejection:
        header = trace_header(
            reverse_path=reverse_path,
            account=copy.account.name,
            address=copy.address,
            arrival=arrival,
            hostname=self.hostname,
            epoch_seconds=self._clock(),
        )
        try:
            message = await self._store.stage(copy.account, (header, octets))
        except Exception as error:  # whatever fails, the sender gets its answer
            return self._rejection(error, "stage", arrival)
        return _Staged(message=message, account=copy.account, octets=len(header) + len(octets))

    async def _publish(self, staged: _Staged, arrival: Arrival) -> RecipientOutcome:
        staged.is_untouched = False
        try:
            await staged.message.publish()
        except Exception as error:  # whatever fails, the sender gets its answer
            await staged.message.discard()
            return self._rejection(error, "publish", arrival)
        return Delivered(account=staged.account, octets=staged.octets)

    def _rejection(self, error: Exception, step: str, arrival: Arrival) -> Rejection:
        match error:
            case OverQuota():
                return Rejection(cause=self._over_quota_cause, detail=str(error))
            case StoreFull():
                return Rejection(cause=Cause.NO_ROOM, detail=str(error))
            case StoreFault():
                return Rejection(cause=Cause.STORE_FAULT, detail=str(error))
            case _:
                described = f"{type(error).__name__}: {error}"
                self._tell(FaultMet(session=arrival.session, what=f"delivery: {step}", error=described))
                return Rejection(cause=Cause.FAULT, detail=described)

    @property
    def _over_quota_cause(self) -> Cause:
        match self._over_quota:
            case OverQuotaAnswer.DEFER:
                return Cause.OVER_QUOTA_NOW
            case OverQuotaAnswer.REFUSE:
                return Cause.OVER_QUOTA_FOR_GOOD
            case _:
                assert_never(self._over_quota)


@dataclass(slots=True, kw_only=True)
class _Staged:
    message: StagedMessage
    account: Account
    octets: int
    is_untouched: bool = True
    """Nobody began to publish it."""


async def _discard_untouched(answers: Sequence[object]) -> None:
    for answer in answers:
        if isinstance(answer, _Staged) and answer.is_untouched:
            await answer.message.discard()
