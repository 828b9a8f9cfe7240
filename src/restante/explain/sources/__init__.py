"""Where sessions are told of: transcripts, logs of programs, captures. Each turns a file into readers' input."""

from restante.explain.sources.recognition import FORMATS, Recognizer
from restante.explain.sources.source import OpenSession, Source

__all__ = ["FORMATS", "OpenSession", "Recognizer", "Source"]
