"""Messages made readable: octets that anybody may have written in, text that a terminal may be given out.

`readable(octets)` gives a whole message, `summary(octets)` one line of it from its headers. Nothing here asks a
server, reads the network, or raises for what a message holds; what is wrong with one stands in its remarks.
"""

from restante.reading.handles import Handles, MessageChoiceFault
from restante.reading.letter import Readable, readable
from restante.reading.mime import Part
from restante.reading.saving import SavedFile, save
from restante.reading.showing import many_lines, one_line
from restante.reading.summary import Summary, summary

__all__ = [
    "Handles",
    "MessageChoiceFault",
    "Part",
    "Readable",
    "SavedFile",
    "Summary",
    "many_lines",
    "one_line",
    "readable",
    "save",
    "summary",
]
