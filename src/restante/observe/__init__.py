"""What the server says of itself, from one stream of events: a log for keeping, a live view for watching.

`explanation` and `metrics` are imported from their modules, by the few who ask for them.
"""

from restante.observe.fanout import tell_all
from restante.observe.logs import LogFormat, LogWriter, journal_reads
from restante.observe.transcripts import TerminalTranscript, wants_colour

__all__ = [
    "LogFormat",
    "LogWriter",
    "TerminalTranscript",
    "journal_reads",
    "tell_all",
    "wants_colour",
]
