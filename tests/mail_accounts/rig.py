"""What these tests share: a keyring in memory, and the text of a file with accounts."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["TWO_ACCOUNTS", "MemoryKeyring"]


@dataclass
class MemoryKeyring:
    kept: dict[str, str] = field(default_factory=dict)

    def get(self, name: str) -> str | None:
        return self.kept.get(name)

    def put(self, name: str, secret: str) -> None:
        self.kept[name] = secret

    def remove(self, name: str) -> None:
        self.kept.pop(name, None)


TWO_ACCOUNTS = """\
# mine
default = "ted"

[accounts.ted]
address = "ted@example.org"
name = "Ted Example"
password_command = "pass show mail/ted"  # keep this

[accounts.ted.pop3]
host = "pop.example.org"

[accounts.ted.smtp]
host = "smtp.example.org"
security = "starttls"
login = "sender"
password_env = "SENDER"

[accounts.work]
address = "t.example@example.com"
login = "EXAMPLE\\\\ted"
mechanism = "PLAIN"

[accounts.work.oauth]
provider = "microsoft"
client_id = "0000-1111"
refresh_token_file = "work.token"

[accounts.work.pop3]
host = "outlook.office365.com"
port = 995
security = "tls"
fingerprint = "00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00"
"""
