"""A newcomer's first session, step by step: what to type, and what it did. The steps are data here.

No terminal and no connection: it is told which line was said and whether the answer was good. It checks the command
and not the arguments, so that whoever takes another message than the one named is not corrected; what belongs to no
step is allowed, and the step stays. It is for `restante serve --demo`, whose name and password it tells.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from restante.demo import DEMO_NAME, DEMO_PASSWORD

__all__ = ["STEPS", "Lesson", "Step"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One command."""

    line: str
    """What to type."""
    before: str
    """What it is for."""
    after: str
    """What it did."""

    @property
    def keyword(self) -> str:
        """The command."""
        return self.line.split(" ")[0]


STEPS: Final = (
    Step(
        line=f"USER {DEMO_NAME}",
        before="The server has greeted you, with +OK. Every good answer begins so, and every refusal with -ERR. It "
        "does not know yet whose mail you come for: tell it a name.",
        after="Any name gets this answer, so that nobody can find out by it who has mail here.",
    ),
    Step(
        line=f"PASS {DEMO_PASSWORD.decode()}",
        before="Now the password. This demo is on your own machine; elsewhere, let TLS stand before you say one.",
        after="You are in the TRANSACTION state. The maildrop is locked for you: no other session gets in, and "
        "what you see of it stays the same until you leave.",
    ),
    Step(
        line="STAT",
        before="How much mail waits? STAT tells it in two numbers.",
        after="The first number counts the messages, the second their octets. It is the drop listing.",
    ),
    Step(
        line="LIST",
        before="And each message by itself?",
        after="A line for each: its number, which holds for this session only, and its octets. A lone dot ends an "
        "answer of several lines.",
    ),
    Step(
        line="UIDL",
        before="Numbers begin anew in each session. What a message is called for good, UIDL tells.",
        after="These are the unique-ids. Mail programs remember them, and so know which message is new to them.",
    ),
    Step(
        line="TOP 1 0",
        before="Look at a message before you take all of it: TOP gives the headers, and as many lines of the body "
        "as you say. None, for now.",
        after="The headers alone. That is how one finds out what is worth fetching over a slow line.",
    ),
    Step(
        line="RETR 1",
        before="Now take the whole message.",
        after="It came over, and it is still at the server: to retrieve is not to delete.",
    ),
    Step(
        line="DELE 1",
        before="Set a deletion mark on it.",
        after="It is marked, and not gone. If you hung up now, it would be here next time.",
    ),
    Step(
        line="RSET",
        before="You think better of it. RSET takes all marks off.",
        after="Nothing is marked any more.",
    ),
    Step(
        line="QUIT",
        before="Say good-bye. Only QUIT brings the server to the UPDATE state, in which it removes what is marked.",
        after="What was not marked is still there. That was a whole session of POP3.",
    ),
)


class Lesson:
    """Where somebody is in the steps."""

    def __init__(self) -> None:
        self._done = 0
        self._asked = -1

    @property
    def is_over(self) -> bool:
        """Whether all steps are done."""
        return self._done == len(STEPS)

    def asks(self) -> list[str]:
        """Give the paragraphs of a step that was not asked for yet, else none."""
        if self.is_over or self._asked == self._done:
            return []
        self._asked = self._done
        step = STEPS[self._done]
        return [f"Step {self._done + 1} of {len(STEPS)}. {step.before}", f"Type: {step.line}"]

    def heard(self, line: str, *, ok: bool) -> list[str]:
        """Hear what was said and whether the answer was good. Gives what there is to tell of it, in paragraphs."""
        if self.is_over:
            return []
        step = STEPS[self._done]
        keyword = line.split(" ", maxsplit=1)[0].upper()
        if keyword == step.keyword and ok:
            self._done += 1
            return [step.after]
        if keyword == "QUIT":
            left = len(STEPS) - self._done
            return [f"You left with {left} steps still to come. Begin again whenever you like."]
        if keyword == "PASS" and not ok and step.keyword == "PASS":
            # A refused PASS takes the name with it (RFC 1939 §7).
            self._done = 0
            return ["That was not the password, and the server has forgotten the name too: both are said again."]
        if keyword == step.keyword:
            return [f"The server refused that: its answer says why. Try it so: {step.line}"]
        return [f"That was another command, which is allowed. Now type: {step.line}"]
