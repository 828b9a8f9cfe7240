"""The doors through which mail comes in (SMTP, LMTP, a pipe), and the one receiver behind them."""

from restante.delivery.limits import DoorLimits
from restante.delivery.lmtp import LmtpDoor
from restante.delivery.pipe import OctetStream, PipeResult, SysExit, deliver_from_pipe
from restante.delivery.receive import Receiver
from restante.delivery.replies import BareLineEnds, OverQuotaAnswer
from restante.delivery.smtp import SmtpDoor

__all__ = [
    "BareLineEnds",
    "DoorLimits",
    "LmtpDoor",
    "OctetStream",
    "OverQuotaAnswer",
    "PipeResult",
    "Receiver",
    "SmtpDoor",
    "SysExit",
    "deliver_from_pipe",
]
