"""How a command tells sessions: in which view and language, and as text on a stream. Fails with CommandFailed."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from restante.cli.outcome import CommandFailed, ExitCode
from restante.explain.languages import ENGLISH, LANGUAGES, Language, language_for
from restante.explain.protocols import MailProtocol
from restante.explain.view import View

if TYPE_CHECKING:
    from restante.explain.text_form import TextForm

__all__ = ["LanguageOption", "ProtocolOption", "ViewOption", "language_of", "text_form"]

ViewOption = Annotated[
    View,
    typer.Option(
        "--view",
        metavar="VIEW",
        help="What is shown. wire: octets with marks for direction and TLS; story: the conversation; lesson: the "
        "wire, and what there is to learn; both: the conversation beside the wire.",
    ),
]
ProtocolOption = Annotated[
    MailProtocol | None,
    typer.Option(
        "--protocol",
        metavar="NAME",
        help="What is spoken: pop3, or smtp, which LMTP counts as. Default: found out from the server's port, else "
        "from what is said first.",
        show_default=False,
    ),
]
LanguageOption = Annotated[
    str | None,
    typer.Option(
        "--language",
        metavar="TAG",
        help=f"Language of the words: {', '.join(LANGUAGES)}. Default: that of the environment, else en.",
        show_default=False,
    ),
]


def language_of(wish: str | None) -> Language:
    """Give the language that was asked for, or that of the environment. Raises CommandFailed."""
    if wish is not None:
        language = language_for(wish)
        if language is None:
            raise CommandFailed(
                f"explain does not speak {wish!r}: choose one of {', '.join(LANGUAGES)}", exit_code=ExitCode.USAGE
            )
        return language
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(variable):
            return language_for(value) or ENGLISH
    return ENGLISH


def text_form(view: View, language: Language, *, stream: TextIO | None = None, all_lines: bool = False) -> TextForm:
    """Give the form for a stream, else standard output: as wide as the terminal, and in its colours.

    `all_lines` gives long listings in full.
    """
    from restante.explain.text_form import DEFAULT_WIDTH, TextForm
    from restante.observe import wants_colour

    out = sys.stdout if stream is None else stream

    def write(text: str) -> None:
        out.write(text)
        if text.endswith("\n"):
            out.flush()

    is_terminal = out.isatty()
    return TextForm(
        view,
        write,
        language=language,
        colour=wants_colour(out, os.environ),
        width=shutil.get_terminal_size((DEFAULT_WIDTH, 24)).columns if is_terminal else DEFAULT_WIDTH,
        all_lines=all_lines,
    )
