"""Those who judge what the built-in accounts cannot: tokens and client certificates. Contracts only; no I/O.

Each gives a whole judgement: whose the token or the certificate is, as an account of the directory, and whether
they may act as the authzid. Like an authenticator they raise nothing for bad ones.
"""

from __future__ import annotations

from typing import Protocol

from restante.ports.accounts import Judgement
from restante.ports.soon import Soon
from restante.sasl.terms import JudgeCertificate, JudgeToken

__all__ = ["CertificateJudge", "TokenJudge"]


class TokenJudge(Protocol):
    """Tells whether a token is good here, and whose it is."""

    def judge_token(self, request: JudgeToken) -> Soon[Judgement]:
        """Answer with Granted, TokenDenied or Unavailable in the judgement."""
        ...


class CertificateJudge(Protocol):
    """Tells whom a client's certificate names."""

    def judge_certificate(self, request: JudgeCertificate) -> Soon[Judgement]:
        """Answer with Granted, Denied or Unavailable in the judgement."""
        ...
