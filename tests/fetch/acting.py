"""A server, a destination and a clock that tests play, and a fuse that stops the world at any step of a session."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from restante.fetch.plan import Policy, SeenMessage
from restante.fetch.session import FetchSession
from restante.fetch.sinks.contract import Kept, Letter, NotNow, Outcome, RefusedForGood, Sink, SinkFault
from restante.fetch.state import State
from restante.fetch.telling import Result, Telling

NAME = "ted@pop.example.org"


class Crash(BaseException):
    """The process is killed here."""


class Fuse:
    """Counts steps, and burns at one of them; 0: never."""

    def __init__(self, at: int = 0) -> None:
        self.at = at
        self.steps = 0

    def step(self) -> None:
        self.steps += 1
        # From then on nobody does anything any more.
        if self.at and self.steps >= self.at:
            raise Crash


@dataclass(frozen=True, slots=True)
class Message:
    unique_id: bytes
    octets: int


@dataclass(frozen=True, slots=True)
class Answer:
    message: Message
    refusal: Exception | None
    given: bytes | None


@dataclass(frozen=True, slots=True)
class Unmarked:
    message: Message
    refusal: Exception


@dataclass
class Server:
    """A remote maildrop: unique-id to octets, in order."""

    messages: dict[bytes, bytes] = field(default_factory=dict)
    refuses: set[bytes] = field(default_factory=set)
    """Unique-ids of messages that it lists and does not give."""
    removed: list[bytes] = field(default_factory=list)
    """The octets of all that a QUIT of ours removed."""
    retrieved: list[bytes] = field(default_factory=list)
    """Unique-ids, of all sessions."""


class Maildrop:
    """A session with it."""

    def __init__(self, server: Server, fuse: Fuse) -> None:
        self._server = server
        self._fuse = fuse
        self._marked: list[Message] = []

    async def messages(self) -> AsyncIterator[Message]:
        for unique_id, octets in list(self._server.messages.items()):
            yield Message(unique_id, len(octets))

    async def read_many(self, messages: Iterable[Message], /) -> AsyncIterator[Answer]:
        for message in messages:
            self._fuse.step()
            if message.unique_id in self._server.refuses:
                yield Answer(message, RuntimeError("no such message"), None)
                continue
            self._server.retrieved.append(message.unique_id)
            yield Answer(message, None, self._server.messages[message.unique_id])

    async def peek_many(self, messages: Iterable[Message], /, lines: int = 0) -> AsyncIterator[Answer]:
        async for answer in self.read_many(messages):
            head, empty, _ = (answer.given or b"").partition(b"\r\n\r\n")
            yield Answer(answer.message, answer.refusal, head + empty)

    async def mark_many(self, messages: Iterable[Message], /) -> Sequence[Unmarked]:
        self._fuse.step()
        self._marked += messages
        return ()

    async def keep_alive(self) -> None:
        pass

    async def quit(self) -> None:
        self._fuse.step()
        for message in self._marked:
            self._server.removed.append(self._server.messages.pop(message.unique_id))
        self._fuse.step()

    async def close(self) -> None:
        pass


@dataclass
class Destination:
    """A sink that keeps messages in memory, across crashes. One that can tell looks before it stores again."""

    can_tell: bool = True
    fuse: Fuse = field(default_factory=Fuse)
    kept: list[bytes] = field(default_factory=list)
    refuses: set[bytes] = field(default_factory=set)
    puts_off: set[bytes] = field(default_factory=set)
    full: bool = False
    label: str = "maildir:/mail"
    tells_places: bool = True
    takes_at_once: int = 1
    fills_at: int | None = None
    """With how many messages it is full."""
    groups: list[int] = field(default_factory=list)
    """How many messages each group had."""

    async def open(self) -> None:
        if self.full:
            raise SinkFault("/mail: no space left on device: free room there")

    async def intend(self, letters: Sequence[Letter]) -> Sequence[str]:
        return [letter.digest.hex() if self.tells_places else "" for letter in letters]

    async def store_group(self, letters: Sequence[Letter]) -> Sequence[Outcome]:
        self.groups.append(len(letters))
        outcomes: list[Outcome] = []
        for letter in letters:
            try:
                outcomes.append(await self._store(letter))
            except (NotNow, RefusedForGood) as outcome:
                outcomes.append(outcome)
            except SinkFault as fault:
                return [*outcomes, *[fault] * (len(letters) - len(outcomes))]
        return outcomes

    async def _store(self, letter: Letter) -> Kept:
        self.fuse.step()
        if letter.octets in self.refuses:
            raise RefusedForGood("550 no")
        if letter.octets in self.puts_off:
            raise NotNow("450 later")
        if self.can_tell and letter.may_be_there and letter.octets in self.kept:
            return Kept(place=letter.place, was_there=True)
        if self.fills_at is not None and len(self.kept) >= self.fills_at:
            raise SinkFault("/mail: no space left on device: free room there")
        self.kept.append(letter.octets)
        self.fuse.step()
        return Kept(place=letter.place)

    async def removed(self, messages: Sequence[SeenMessage]) -> frozenset[SeenMessage] | None:
        from restante.fetch.digest import content_digest

        there = {content_digest(octets).hex() for octets in self.kept}
        return frozenset(message for message in messages if message.place not in there) if there else None

    async def close(self) -> None:
        pass


class FusedState(State):
    """A state whose every change is two steps: a crash before it, and a crash after it."""

    def __init__(self, path: Path, fuse: Fuse) -> None:
        self._fuse = fuse
        super().__init__(path)

    def record(self, maildrop: str, *messages: SeenMessage) -> None:
        self._fuse.step()
        super().record(maildrop, *messages)
        self._fuse.step()

    def settle(
        self,
        maildrop: str,
        *,
        record: Sequence[SeenMessage],
        forget: Iterable[SeenMessage] = (),
        gone: Iterable[SeenMessage] = (),
        now_epoch_seconds: float,
    ) -> None:
        self._fuse.step()
        super().settle(maildrop, record=record, forget=forget, gone=gone, now_epoch_seconds=now_epoch_seconds)
        self._fuse.step()

    def mark_gone(self, maildrop: str, messages: Iterable[SeenMessage], *, now_epoch_seconds: float) -> None:
        self._fuse.step()
        super().mark_gone(maildrop, messages, now_epoch_seconds=now_epoch_seconds)
        self._fuse.step()


class World:
    """All of it together, and what it told."""

    def __init__(self, folder: Path, *, destination: Destination | None = None) -> None:
        self.path = folder / "state" / "fetch.sqlite3"
        self.server = Server()
        self.destination = destination or Destination()
        self.now = 1_800_000_000.0
        self.told: list[Telling] = []

    async def fetch(
        self,
        policy: Policy | None = None,
        *,
        crash_at: int = 0,
        dry_run: bool = False,
        stopping: Callable[[], bool] = lambda: False,
    ) -> Result:
        """Run one session. Raises Crash at that step."""
        fuse = Fuse(crash_at)
        self.destination.fuse = fuse
        with FusedState(self.path, fuse) as state:
            session = FetchSession(
                Maildrop(self.server, fuse),
                account="work",
                maildrop_name=NAME,
                state=state,
                sink=self.destination,
                policy=policy or Policy(),
                tell=self.told.append,
                clock=lambda: self.now,
                stopping=stopping,
                dry_run=dry_run,
            )
            result = await session.run()
        self.steps = fuse.steps
        return result

    def seen(self) -> list[SeenMessage]:
        with State(self.path) as state:
            return state.seen(NAME)


async def store(sink: Sink, letter: Letter) -> Kept:
    """Store one letter. Raises what came of it, if it is not kept."""
    (outcome,) = await sink.store_group([letter])
    if isinstance(outcome, Kept):
        return outcome
    raise outcome


def letters(*numbers: int) -> Iterator[tuple[bytes, bytes]]:
    """Give unique-ids and messages."""
    for number in numbers:
        yield b"uid-%d" % number, letter(number)


def letter(number: int, text: bytes = b"hello") -> bytes:
    return b"From: a@example.org\r\nMessage-ID: <%d@example.org>\r\nSubject: %d\r\n\r\n%b\r\n" % (
        number,
        number,
        text,
    )
