"""What `restante talk` has to say, by name: each language says it in its file `talk` under `languages`.

Beside these words, each language has there what each command of the table does, and the steps of the newcomer's
lesson, by keyword. Placeholders stand in braces and are the same in all languages; words of the protocol, and the
local words `help` and `more`, are not translated. It is data only: who says it, and when, is for the talk to know.
"""

from __future__ import annotations

from enum import Enum, auto

__all__ = ["TalkPhrase"]


class TalkPhrase(Enum):
    """A sentence, or a part of one. What stands in braces is told at each."""

    # --- at the prompt
    WELCOME = auto()
    ASKS_NAME = auto()
    ASKS_PASSWORD = auto()
    ASKS_TOKEN = auto()
    ASKS_RESPONSE = auto()
    """For a line of AUTH."""
    NO_PASSWORD = auto()
    UNFIT_LINE = auto()
    HANGS_UP = auto()
    """Without QUIT, after the login."""
    MORE_LINES = auto()
    """Below an answer that was cut; how many lines follow is said there."""
    NO_MORE = auto()

    # --- the server went while nothing was said. {server}: host and port.
    GONE_BEFORE_LOGIN = auto()
    GONE_AFTER_REFUSAL = auto()
    """Of a login."""
    GONE_UNMARKED = auto()
    GONE_WITH_ONE_MARK = auto()
    GONE_WITH_MARKS = auto()
    """{count}, 2 or more."""

    # --- behind a word that is offered
    HELP_DOES = auto()
    MORE_DOES = auto()
    NOT_ANNOUNCED = auto()
    """Before what a command does, in a few words."""

    # --- help
    WHICH_COMMAND = auto()
    """What may follow the word help."""
    CAN_BE_SAID = auto()
    """{state}."""
    IN_ANOTHER_STATE = auto()
    """{commands}."""
    MORE_HELP = auto()
    NO_COMMAND = auto()
    """{commands}."""
    WHEN = auto()
    """{states}."""
    BEFORE_LOGIN = auto()
    AFTER_LOGIN = auto()
    ANSWER = auto()
    """{shape}."""
    SHAPE_LINE = auto()
    SHAPE_LISTING = auto()
    SHAPE_MESSAGE = auto()
    SHAPE_LISTING_UNLESS_NUMBER = auto()
    SHAPE_LISTING_UNLESS_LANGUAGE = auto()
    SHAPE_EXCHANGE = auto()
    SOURCE = auto()
    """{source}."""

    # --- help: what stands for an argument
    ARGUMENT_MSG = auto()
    ARGUMENT_N = auto()
    ARGUMENT_NAME = auto()
    ARGUMENT_PASSWORD = auto()
    ARGUMENT_DIGEST = auto()
    ARGUMENT_MECHANISM = auto()
    ARGUMENT_INITIAL_RESPONSE = auto()
    ARGUMENT_LANGUAGE = auto()

    # --- help: whether this server has it. {capability}: what CAPA calls it.
    ANNOUNCED_BY_THOSE_THAT_HAVE_IT = auto()
    """CAPA was not said."""
    IS_ANNOUNCED = auto()
    IS_NOT_ANNOUNCED = auto()
    NOTHING_IS_ANNOUNCED = auto()
    """The server knows no CAPA. No placeholder."""
    OFFERS = auto()
    """{mechanisms}."""

    # --- the lesson
    STEP = auto()
    """{number}, {count}, {words}."""
    TYPE = auto()
    """{line}."""
    LEFT_EARLY = auto()
    """{left}."""
    WRONG_PASSWORD = auto()
    TRY_SO = auto()
    """{line}."""
    ANOTHER_COMMAND = auto()
    """{line}."""
