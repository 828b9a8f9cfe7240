"""The server beside a model that knows nothing of it: whatever a client does, the two agree.

The model is the RFC in a few lines: a list of messages, a set of marks, who holds the lock.
"""

import asyncio
import re

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, precondition, rule

from restante.doors.gate import Gate, GateLimits
from restante.maildrop.downgrade import downgraded
from restante.proto.lines import canonical
from restante.stores.memory import MemoryStore
from restante.testing.link import Link, LinkServer, ScriptedAuthenticator, scripted_account

MESSAGES = st.lists(
    st.sampled_from([b"\r\n", b".", b"..", b"a", b"\0\xfc", b"\n", b"\r", b"A: 1\r\n", b"x" * 1000, b"\r\n.\r\n"]),
    max_size=12,
).map(b"".join)


class Model:
    """A session as the RFC has it."""

    def __init__(self) -> None:
        self.messages: list[bytes] | None = None
        self.ids: list[bytes] = []
        self.marks: set[int] = set()
        self.utf8 = False

    def live(self, number: int) -> bool:
        return self.messages is not None and 1 <= number <= len(self.messages) and number not in self.marks


class ServerAndModel(RuleBasedStateMachine):
    links = Bundle("links")

    def __init__(self) -> None:
        super().__init__()
        self.store = MemoryStore()
        self.server = LinkServer(
            self.store, ScriptedAuthenticator({"Ted": b"SECRET"}), gate=Gate(GateLimits(each_account=1000))
        )
        self.maildrop: list[tuple[bytes, bytes]] = []
        self.delivered = 0
        self.models: dict[Link, Model] = {}
        self.holder: Link | None = None

    def say(self, link: Link, line: bytes) -> tuple[bool, bytes]:
        """Give whether the answer is good, and all that follows its first line."""
        answer = link.send(line + b"\r\n")
        first, end, rest = answer.partition(b"\r\n")
        assert end
        assert len(first) <= 510
        assert first.split()[0] in (b"+OK", b"-ERR")
        return first.startswith(b"+OK"), rest or first

    def gone(self, link: Link) -> None:
        if self.holder is link:
            self.holder = None
        del self.models[link]

    @rule(octets=MESSAGES)
    def deliver(self, octets: bytes) -> None:
        async def put() -> None:
            await (await self.store.stage(scripted_account(), [canonical(octets)])).publish()

        asyncio.run(put())
        self.delivered += 1
        self.maildrop.append((b"memory-%d" % self.delivered, canonical(octets)))

    @rule(target=links)
    def connect(self) -> Link:
        link = Link(self.server)
        self.models[link] = Model()
        return link

    @rule(link=links, password=st.sampled_from([b"SECRET", b"SECRET", b"SECRET", b"wrong"]), utf8=st.booleans())
    def log_in(self, link: Link, password: bytes, utf8: bool) -> None:
        model = self.models.get(link)
        if model is None:
            return
        if model.messages is not None:
            assert not self.say(link, b"USER Ted")[0]
            if link.closed:
                # Ten bad commands.
                self.gone(link)
            return
        if utf8:
            assert self.say(link, b"UTF8")[0]
            model.utf8 = True
        assert self.say(link, b"USER Ted")[0]
        good, text = self.say(link, b"PASS " + password)
        if password == b"SECRET" and self.holder is None:
            assert good
            self.holder = link
            model.ids = [unique_id for unique_id, _ in self.maildrop]
            model.messages = [octets if model.utf8 else downgraded(octets) for _, octets in self.maildrop]
            return
        assert not good
        assert text.startswith(b"-ERR [IN-USE]" if password == b"SECRET" else b"-ERR [AUTH]")
        if link.closed:
            self.gone(link)

    @rule(
        link=links, number=st.integers(0, 6), keyword=st.sampled_from([b"RETR", b"TOP", b"DELE", b"LIST", b"UIDL"])
    )
    def name_a_message(self, link: Link, number: int, keyword: bytes) -> None:
        model = self.models.get(link)
        if model is None:
            return
        good, rest = self.say(link, b"%b %d%b" % (keyword, number, b" 1" if keyword == b"TOP" else b""))
        assert good == model.live(number)
        if link.closed:
            # Ten bad commands.
            self.gone(link)
            return
        if not good or model.messages is None:
            return
        octets = model.messages[number - 1]
        match keyword:
            case b"RETR":
                assert rest == re.sub(rb"(?m)^\.", b"..", octets) + b".\r\n"
            case b"TOP":
                assert rest.endswith(b".\r\n")
                assert re.sub(rb"(?m)^\.", b"..", octets).startswith(rest[:-3])
            case b"LIST":
                assert rest == b"+OK %d %d" % (number, len(octets))
            case b"UIDL":
                assert rest == b"+OK %d %b" % (number, model.ids[number - 1])
            case _:
                model.marks.add(number)

    @rule(link=links)
    def reset(self, link: Link) -> None:
        model = self.models.get(link)
        if model is not None and model.messages is not None:
            assert self.say(link, b"RSET")[0]
            model.marks.clear()

    @rule(link=links)
    def list_all(self, link: Link) -> None:
        model = self.models.get(link)
        if model is None or model.messages is None:
            return
        left = [n for n in range(1, len(model.messages) + 1) if n not in model.marks]
        total = sum(len(model.messages[n - 1]) for n in left)
        assert self.say(link, b"STAT") == (True, b"+OK %d %d" % (len(left), total))
        sizes = b"".join(b"%d %d\r\n" % (n, len(model.messages[n - 1])) for n in left)
        assert self.say(link, b"LIST") == (True, sizes + b".\r\n")
        ids = b"".join(b"%d %b\r\n" % (n, model.ids[n - 1]) for n in left)
        assert self.say(link, b"UIDL") == (True, ids + b".\r\n")

    @rule(link=consumes(links))
    def quit(self, link: Link) -> None:
        model = self.models.get(link)
        if model is None:
            return
        assert self.say(link, b"QUIT")[0]
        assert link.closed
        removed = {model.ids[number - 1] for number in model.marks}
        self.maildrop = [(unique_id, octets) for unique_id, octets in self.maildrop if unique_id not in removed]
        self.gone(link)

    @rule(link=consumes(links))
    def break_off(self, link: Link) -> None:
        if link in self.models:
            link.break_off()
            self.gone(link)

    @precondition(lambda self: self.models)
    @rule()
    def let_ten_minutes_pass(self) -> None:
        self.server.sweep_at(601)
        for link in list(self.models):
            assert link.closed
            link.break_off()
            self.gone(link)

    @invariant()
    def the_server_counts_the_connections_there_are(self) -> None:
        assert len(self.server.real) == len(self.models)


ServerAndModel.TestCase.settings = settings(
    deadline=None, stateful_step_count=40, suppress_health_check=[HealthCheck.too_slow]
)


@pytest.mark.rule("S1", "S2", "S3", "S5", "S6", "C3", "C4", "C5", "C6", "C7", "C9")
class TestServerAndModel(ServerAndModel.TestCase):  # type: ignore[valid-type,misc]  # hypothesis makes it
    """Run it."""
