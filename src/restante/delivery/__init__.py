"""The doors through which mail comes in (SMTP, LMTP, a pipe), and the one receiver behind them.

The doors with connections (`smtp`, `lmtp`, `services`, `limits`) are imported from their modules: they bring TLS
with them, which `restante deliver`, started for each message, has no use for.
"""

from restante.delivery.pipe import OctetStream, PipeResult, SysExit, deliver_from_pipe
from restante.delivery.receive import Receiver
from restante.delivery.replies import BareLineEnds, OverQuotaAnswer

__all__ = [
    "BareLineEnds",
    "OctetStream",
    "OverQuotaAnswer",
    "PipeResult",
    "Receiver",
    "SysExit",
    "deliver_from_pipe",
]
