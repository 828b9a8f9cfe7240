"""What the SMTP library raises, as faults of ours with a sentence and a phase.

Source: RFC 5321 §4.2.1 (the first digit of a reply), RFC 4954 §6 (530 to 538).
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from restante.client.faults import Phase, shown
from restante.submission.advice import advice_on
from restante.submission.faults import SubmissionFault
from restante.submission.server import SubmissionSecurity, SubmissionServer
from restante.submission.tls import TlsWatch

__all__ = ["faults_of", "refused_by", "words_of"]


def words_of(text: str) -> str:
    """Give what a server said as one line that may be shown."""
    return shown(text.replace("\n", " / ").encode("utf-8", "surrogateescape")) or "no reason"


def refused_by(server: SubmissionServer, code: int, text: str, what: str, *, phase: Phase) -> SubmissionFault:
    """Make the fault of a reply that says no."""
    temporary = 400 <= code < 500
    if phase is Phase.LOGIN:
        advice = "try again later" if temporary else "check the name, and the password or token"
    elif code == 530:
        advice = "it wants a login first: see the account"
    else:
        other = (
            "it may be taken later" if temporary else "it will not take it as it is: change it, or ask who runs it"
        )
        advice = advice_on(code, text) or other
    return SubmissionFault(
        f"{server.address} refused {what}: {code} {words_of(text)} ({advice})",
        server=server.address,
        phase=phase,
        temporary=temporary,
        code=code,
    )


@contextmanager
def faults_of(server: SubmissionServer, phase: Phase, watch: TlsWatch | None = None) -> Iterator[None]:
    """Turn what the library and the network raise within into SubmissionFault."""
    import aiosmtplib

    def fault(message: str, *, at: Phase = phase, temporary: bool = True) -> SubmissionFault:
        return SubmissionFault(f"{server.address} {message}", server=server.address, phase=at, temporary=temporary)

    try:
        yield
    except aiosmtplib.SMTPConnectResponseError as error:
        raise refused_by(server, error.code, error.message, "the connection", phase=Phase.CONNECT) from error
    except aiosmtplib.SMTPResponseException as error:
        if error.code < 0:
            said = f"does not speak SMTP: {words_of(error.message)}; check the port"
            raise fault(said, temporary=False) from error
        raise refused_by(server, error.code, error.message, "the command", phase=phase) from error
    except aiosmtplib.SMTPConnectTimeoutError as error:
        raise fault(_not_greeted(server)) from error
    except aiosmtplib.SMTPTimeoutError as error:
        raise fault("did not answer in time; try again later, or check the address") from error
    except aiosmtplib.SMTPConnectError as error:
        if watch is not None and isinstance(error.__cause__, ssl.SSLError):
            raise watch.fault_of(error.__cause__) from error
        raise fault(_unreachable(error)) from error
    except aiosmtplib.SMTPServerDisconnected as error:
        raise fault("ended the connection in the middle; try again later") from error
    except ssl.SSLError as error:
        if watch is not None:
            raise watch.fault_of(error) from error
        raise fault("broke the TLS connection; try again later") from error
    except OSError as error:
        raise fault(_unreachable(error)) from error


def _not_greeted(server: SubmissionServer) -> str:
    if server.security is SubmissionSecurity.TLS:
        return "did not answer in time; try again later, or check the address"
    # A server that waits for a handshake is as silent as one that is down.
    return (
        "did not greet in time; if it wants TLS from the first octet, as port 465 does, set security to tls; "
        "else try again later, or check the address"
    )


def _unreachable(error: Exception) -> str:
    cause = error.__cause__ if error.__cause__ is not None else error
    match cause:
        case ConnectionRefusedError():
            return "takes no connection there; check host and port"
        case ConnectionResetError() | ConnectionAbortedError() | BrokenPipeError():
            return "ended the connection; try again later"
        case OSError() if type(cause).__name__ == "gaierror":
            return "is not known to the DNS; check the host's name, and the network"
        case TimeoutError():
            return "did not answer in time; check the address and the network"
        case OSError():
            return (
                f"cannot be reached ({(cause.strerror or str(cause)).lower()}); check the address and the network"
            )
        case _:
            return "ended the connection before its greeting; check the port, or try again later"
