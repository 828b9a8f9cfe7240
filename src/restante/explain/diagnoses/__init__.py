"""What went wrong in a session, found and named: diagnoses as data, and those who look for them."""

from __future__ import annotations

from typing import Final

from restante.explain.diagnoses import commands, ending, line, login, mail
from restante.explain.diagnoses.catalog import Diagnosis, Finding
from restante.explain.diagnoses.facts import Facts
from restante.explain.diagnoses.found import MOST_OF_A_KIND, Examiner, Told
from restante.explain.diagnoses.history import History
from restante.explain.events import Closed, Connected, WireEvent
from restante.explain.weight import Weight

__all__ = ["MOST_OF_A_KIND", "Diagnoser", "Diagnosis", "Finding", "History", "Weight"]

_EXAMINERS: Final[tuple[Examiner, ...]] = (
    *(line.connection, line.wrong_party, line.tls),
    *(login.refusals, login.sasl, login.digests),
    *(commands.refused_commands, commands.lines, commands.capabilities, commands.order),
    *(mail.messages, mail.listings, mail.pace),
    *(ending.breaking_off, ending.good_bye),
)


_MISLED_BY_GAPS: Final = frozenset(
    {
        *(Diagnosis.STRAY_LINES, Diagnosis.ANSWER_MISSING, Diagnosis.QUIT_UNANSWERED, Diagnosis.UNKNOWN_COMMAND),
        *(Diagnosis.MESSAGE_CUT, Diagnosis.LISTING_CUT, Diagnosis.OCTETS_DIFFER, Diagnosis.DROP_LISTING_DIFFERS),
        *(Diagnosis.LISTINGS_DIFFER, Diagnosis.LISTING_MALFORMED, Diagnosis.UNIQUE_IDS_CHANGED),
        *(Diagnosis.UNIQUE_ID_ILLEGAL, Diagnosis.UNSTUFFED_DOTS, Diagnosis.SLOW_ANSWER),
        *(Diagnosis.PIPELINING_UNANNOUNCED, Diagnosis.PASS_WITHOUT_USER, Diagnosis.NO_SUCH_MESSAGE),
    }
)
"""What octets that were not captured can look like."""


class Diagnoser:
    """Looks at one session, which comes from `client`. `history` is what it shares with others of its source."""

    def __init__(self, history: History | None = None, *, client: str = "") -> None:
        self._history = history if history is not None else History()
        self._facts = Facts(client)
        self._told = Told()

    def hear(self, event: WireEvent) -> list[Finding]:
        """Look at an event. Gives what it shows, the heaviest first."""
        findings = [finding for examine in _EXAMINERS for finding in examine(event, self._facts)]
        findings += self._history.examine(event, self._facts)
        if self._facts.has_gap:
            findings = [finding for finding in findings if finding.diagnosis not in _MISLED_BY_GAPS]
        self._facts.note(findings)
        self._facts.hear(event)
        if isinstance(event, Connected):
            self._facts.fetched_before = self._history.fetched_before(self._facts.server, self._facts.client)
        if isinstance(event, Closed):
            self._history.remember(self._facts)
        return self._told.to_tell(findings)
