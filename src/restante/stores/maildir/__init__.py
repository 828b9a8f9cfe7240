"""The Maildir store, the default: mail in files on one machine, shared with other programs."""

from restante.stores.maildir.expiry import ExpiryReport, Undeleted, expire, list_trash, undelete
from restante.stores.maildir.repair import CheckReport, Finding, FindingKind, check
from restante.stores.maildir.store import MaildirStore
from restante.stores.maildir.trash import Trashed

__all__ = [
    "CheckReport",
    "ExpiryReport",
    "Finding",
    "FindingKind",
    "MaildirStore",
    "Trashed",
    "Undeleted",
    "check",
    "expire",
    "list_trash",
    "undelete",
]
