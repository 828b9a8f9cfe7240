"""The client's end of POP3: one logic, a face for asyncio here and one for blocking code in `client.blocking`."""

from restante.client.aio import Maildrop, Message, connect
from restante.client.faults import (
    ClientFault,
    CommandRefused,
    ConnectFault,
    ConnectionLost,
    InUse,
    LimitExceeded,
    LoginDelayed,
    LoginImpossible,
    LoginRefused,
    MessageTooLarge,
    PermanentFault,
    Phase,
    ProtocolFault,
    RefusedFault,
    TemporaryFault,
    TimedOut,
    TlsFault,
    TlsProblem,
    UnusableArgument,
)
from restante.client.operations import NotMarked, RawReply
from restante.client.retrieving import Overtaken, Retrieved
from restante.client.server import Limits, Login, Security, Server, Timeouts
from restante.proto.terms import Secret

__all__ = [
    "ClientFault",
    "CommandRefused",
    "ConnectFault",
    "ConnectionLost",
    "InUse",
    "LimitExceeded",
    "Limits",
    "Login",
    "LoginDelayed",
    "LoginImpossible",
    "LoginRefused",
    "Maildrop",
    "Message",
    "MessageTooLarge",
    "NotMarked",
    "Overtaken",
    "PermanentFault",
    "Phase",
    "ProtocolFault",
    "RawReply",
    "RefusedFault",
    "Retrieved",
    "Secret",
    "Security",
    "Server",
    "TemporaryFault",
    "TimedOut",
    "Timeouts",
    "TlsFault",
    "TlsProblem",
    "UnusableArgument",
    "connect",
]
