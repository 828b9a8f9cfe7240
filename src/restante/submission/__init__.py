"""Mail on its way out, by SMTP submission; what cannot go yet waits in the outbox."""

from restante.submission.compose import Attachment, Draft, Stamp, complete, compose
from restante.submission.envelope import Outgoing
from restante.submission.faults import MessageFault, SubmissionFault
from restante.submission.outbox import Outbox, OutboxFault, Refused, Waiting
from restante.submission.server import SubmissionSecurity, SubmissionServer, SubmissionTimeouts
from restante.submission.submit import RecipientRefused, Session, Submitted, submission

__all__ = [
    "Attachment",
    "Draft",
    "MessageFault",
    "Outbox",
    "OutboxFault",
    "Outgoing",
    "RecipientRefused",
    "Refused",
    "Session",
    "Stamp",
    "SubmissionFault",
    "SubmissionSecurity",
    "SubmissionServer",
    "SubmissionTimeouts",
    "Submitted",
    "Waiting",
    "complete",
    "compose",
    "submission",
]
