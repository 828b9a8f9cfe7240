"""Mail on its way out, by SMTP submission; what cannot go yet waits in the outbox."""

from restante.submission.server import SubmissionSecurity, SubmissionServer, SubmissionTimeouts

__all__ = ["SubmissionSecurity", "SubmissionServer", "SubmissionTimeouts"]
