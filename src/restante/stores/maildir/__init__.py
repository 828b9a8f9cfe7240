"""The Maildir store, the default: mail in files on one machine, shared with other programs."""

from restante.stores.maildir.repair import CheckReport, Finding, FindingKind, check
from restante.stores.maildir.store import MaildirStore

__all__ = ["CheckReport", "Finding", "FindingKind", "MaildirStore", "check"]
