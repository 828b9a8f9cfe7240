"""What went wrong in a session of SMTP or LMTP, found and named."""

from __future__ import annotations

from typing import Final

from restante.explain.diagnoses.catalog import Finding
from restante.explain.diagnoses.found import Told
from restante.explain.smtp.catalog import SmtpDiagnosis
from restante.explain.smtp.diagnoses import ending, line, message, refusals
from restante.explain.smtp.diagnoses.facts import SmtpExaminer, SmtpFacts
from restante.explain.smtp.events import SmtpEvent

__all__ = ["SmtpDiagnoser"]

_EXAMINERS: Final[tuple[SmtpExaminer, ...]] = (
    *(line.connection, line.wrong_party, line.tls, line.order),
    refusals.refusals,
    message.messages,
    ending.endings,
)

_MISLED_BY_GAPS: Final = frozenset(
    {
        *(SmtpDiagnosis.UNKNOWN_COMMAND, SmtpDiagnosis.ANSWER_MISSING, SmtpDiagnosis.MESSAGE_UNANSWERED),
        *(SmtpDiagnosis.END_MISSING, SmtpDiagnosis.MESSAGE_BROKEN_OFF, SmtpDiagnosis.END_BETWEEN_BARE_LINE_ENDS),
        *(SmtpDiagnosis.UNDOUBLED_DOTS, SmtpDiagnosis.BARE_LINE_ENDS, SmtpDiagnosis.PIPELINING_UNANNOUNCED),
        *(SmtpDiagnosis.QUIT_MISSING, SmtpDiagnosis.EARLY_TALKER, SmtpDiagnosis.LONG_LINE),
    }
)
"""What octets that were not captured can look like."""


class SmtpDiagnoser:
    """Looks at one session, which comes from `client`."""

    def __init__(self, *, client: str = "") -> None:
        self._facts = SmtpFacts(client)
        self._told = Told()

    def hear(self, event: SmtpEvent) -> list[Finding]:
        """Look at an event. Gives what it shows, the heaviest first."""
        findings = [finding for examine in _EXAMINERS for finding in examine(event, self._facts)]
        if self._facts.has_gap:
            findings = [finding for finding in findings if finding.diagnosis not in _MISLED_BY_GAPS]
        self._facts.hear(event)
        return self._told.to_tell(findings)
