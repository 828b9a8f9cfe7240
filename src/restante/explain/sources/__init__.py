"""Where sessions are told of: transcripts, logs of programs, captures. Each turns a file into readers' input."""

from restante.explain.sources.rawlog import LARGEST_RAWLOG_OCTETS, looks_like_a_rawlog, read_rawlogs
from restante.explain.sources.recognition import FORMATS, Recognizer, speaking
from restante.explain.sources.source import OpenSession, Source

__all__ = [
    "FORMATS",
    "LARGEST_RAWLOG_OCTETS",
    "OpenSession",
    "Recognizer",
    "Source",
    "looks_like_a_rawlog",
    "read_rawlogs",
    "speaking",
]
