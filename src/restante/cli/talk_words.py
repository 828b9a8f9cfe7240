"""The words of `restante talk`, from the one table: completion, hints, help, and what may be remembered of a line.

No terminal is here, and nothing fails. The local words are `help` and `more`; `/` before a line sends it as it
stands, so that no command of any server is out of reach. What is offered follows the state, and what the server
announced: a command that it did not announce comes last, and is said to be so, for it may be there all the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from restante.explain.columns import wrapped
from restante.explain.languages import Language
from restante.explain.talk_phrases import TalkPhrase
from restante.proto.listings import Capabilities
from restante.proto.spec import ARGUMENT_SYNTAX, SPECS, ArgumentForm, CommandSpec, ReplyShape
from restante.proto.terms import State
from restante.sasl.registry import MECHANISMS

__all__ = [
    "AS_IT_STANDS",
    "HELP",
    "MORE",
    "Known",
    "completions",
    "help_asked",
    "help_lines",
    "hint",
    "may_be_kept",
    "more_asked",
    "shown_until",
]

HELP: Final = "help"
MORE: Final = "more"
AS_IT_STANDS: Final = "/"

MOST_NUMBERS: Final = 100
"""Offered at once."""
_HIGHEST_NUMBER: Final = 100_000
"""Beyond it none is offered, so that a key is answered at once."""

_NUMBERED: Final = frozenset({ArgumentForm.NUMBER, ArgumentForm.OPTIONAL_NUMBER, ArgumentForm.NUMBER_AND_LINES})
_STATES: Final = {State.AUTHORIZATION: TalkPhrase.BEFORE_LOGIN, State.TRANSACTION: TalkPhrase.AFTER_LOGIN}
_SHAPES: Final = {
    ReplyShape.LINE: TalkPhrase.SHAPE_LINE,
    ReplyShape.LISTING: TalkPhrase.SHAPE_LISTING,
    ReplyShape.MESSAGE: TalkPhrase.SHAPE_MESSAGE,
    ReplyShape.LISTING_UNLESS_NUMBER: TalkPhrase.SHAPE_LISTING_UNLESS_NUMBER,
    ReplyShape.LISTING_UNLESS_LANGUAGE: TalkPhrase.SHAPE_LISTING_UNLESS_LANGUAGE,
    ReplyShape.EXCHANGE: TalkPhrase.SHAPE_EXCHANGE,
}
_ARGUMENTS: Final = {
    "msg": TalkPhrase.ARGUMENT_MSG,
    "n": TalkPhrase.ARGUMENT_N,
    "name": TalkPhrase.ARGUMENT_NAME,
    "password": TalkPhrase.ARGUMENT_PASSWORD,
    "digest": TalkPhrase.ARGUMENT_DIGEST,
    "mechanism": TalkPhrase.ARGUMENT_MECHANISM,
    "initial-response": TalkPhrase.ARGUMENT_INITIAL_RESPONSE,
    "language": TalkPhrase.ARGUMENT_LANGUAGE,
}
_LEAST_SUMMARY_COLUMNS: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of a session when somebody types."""

    state: State
    capabilities: Capabilities | None = None
    """None: CAPA was not asked."""
    highest_number: int = 0
    """Of a message, as far as an answer told."""
    marked: frozenset[int] = field(default_factory=frozenset)
    """The numbers with deletion marks."""

    def announces(self, spec: CommandSpec) -> bool | None:
        """Tell whether the server has a command by what it announced; None where that tells nothing."""
        if spec.capability is None or self.capabilities is None or not self.capabilities.told:
            return None
        if spec.capability.decode("ascii") in self.capabilities:
            return True
        # What is of no use now need not be announced now (RFC 2449 §5).
        return False if self.state in spec.states else None

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """The mechanisms that the server announced, or all that there are."""
        announced = () if self.capabilities is None else self.capabilities.get("SASL", ())
        return announced or tuple(mechanism.name for mechanism in MECHANISMS)


def completions(text: str, known: Known, language: Language) -> Iterator[tuple[str, str]]:
    """Give what the last word of a line may become, and what it does, where there is something to tell."""
    keyword, *arguments = text.split(" ")
    if not arguments:
        yield from _commands(keyword, language, known, in_state=True)
        for word, does in ((HELP, TalkPhrase.HELP_DOES), (MORE, TalkPhrase.MORE_DOES)):
            if word.startswith(keyword.lower()):
                yield word, language.talk[does]
        return
    if len(arguments) > 1:
        return
    begun = arguments[0].upper()
    if keyword.lower() == HELP:
        yield from _commands(begun, language, known, in_state=False)
        return
    spec = SPECS.get(keyword.upper().encode("utf-8", "replace"))
    if spec is None:
        return
    if spec.arguments is ArgumentForm.MECHANISM:
        for name in known.mechanisms:
            if name.upper().startswith(begun) and name.isprintable():
                yield name, ""
    elif spec.arguments in _NUMBERED and (not begun or begun.isdigit()):
        numbers = (
            number
            for number in range(1, min(known.highest_number, _HIGHEST_NUMBER) + 1)
            if number not in known.marked and str(number).startswith(begun)
        )
        for number in islice(numbers, MOST_NUMBERS):
            yield str(number), ""


def _commands(begun: str, language: Language, known: Known, *, in_state: bool) -> Iterator[tuple[str, str]]:
    found = [
        spec
        for spec in SPECS.values()
        if spec.keyword.decode("ascii").startswith(begun.upper()) and (not in_state or known.state in spec.states)
    ]
    for spec in sorted(found, key=lambda spec: known.announces(spec) is False):
        yield spec.keyword.decode("ascii"), _does(spec, known, language)


def _does(spec: CommandSpec, known: Known, language: Language) -> str:
    does = language.commands[spec.keyword]
    return f"{language.talk[TalkPhrase.NOT_ANNOUNCED]} {does}" if known.announces(spec) is False else does


def hint(text: str, language: Language) -> str:
    """Give what may follow a command that is typed so far, for people: its arguments that are not there yet."""
    keyword, *typed = text.split(" ")
    spec = SPECS.get(keyword.upper().encode("utf-8", "replace"))
    if spec is None:
        if keyword.lower() != HELP or any(typed):
            return ""
        return ("" if typed else " ") + language.talk[TalkPhrase.WHICH_COMMAND]
    if not typed:
        wanted = ARGUMENT_SYNTAX[spec.arguments]
        return f" {wanted}" if wanted else ""
    if typed[-1]:
        return ""
    return " ".join(ARGUMENT_SYNTAX[spec.arguments].split(" ")[len(typed) - 1 :])


def shown_until(text: str) -> int:
    """Give how much of a line may stand on a screen: what follows the keyword of a secret is not shown.

    The names of USER and APOP are, and so is the mechanism of AUTH.
    """
    keyword, space, rest = text.partition(" ")
    after = len(keyword) + len(space)
    match keyword.upper().removeprefix(AS_IT_STANDS):
        case "PASS":
            return after
        case "APOP" | "AUTH":
            first, second_space, _ = rest.partition(" ")
            return after + len(first) + len(second_space)
        case _:
            return len(text)


def may_be_kept(text: str) -> bool:
    """Tell whether a line may enter the history: a known command that holds no secret, or a local word.

    A mistyped PASS is no known command, so it is not kept either.
    """
    if help_asked(text) is not None or more_asked(text):
        return True
    spec = SPECS.get(text.strip().split(" ")[0].upper().encode("utf-8", "replace"))
    return spec is not None and not spec.secret


def more_asked(text: str) -> bool:
    """Tell whether the rest of a long answer is asked for."""
    return text.strip().lower() == MORE


def help_asked(text: str) -> str | None:
    """Give what help is asked about, empty for all; None where the line is for the server."""
    words = text.split()
    if not words or words[0].lower() not in (HELP, "?"):
        return None
    return " ".join(words[1:])


def help_lines(about: str, known: Known, language: Language, *, width: int) -> list[str]:
    """Give the help about a command, or, without one, about all, in lines of at most `width` columns."""
    if not about:
        return _about_all(known, language, width)
    spec = SPECS.get(about.upper().encode("utf-8", "replace"))
    if spec is None:
        commands = ", ".join(keyword.decode("ascii") for keyword in SPECS)
        return wrapped(language.at_prompt(TalkPhrase.NO_COMMAND, commands=commands), width)
    lines = [spec.syntax]
    for sentence in _about(spec, known, language):
        lines += wrapped(sentence, width, first="  ", indent="    ")
    return lines


def _about_all(known: Known, language: Language, width: int) -> list[str]:
    here = [spec for spec in SPECS.values() if known.state in spec.states]
    column = max(len(spec.syntax) for spec in here) + 4
    if width - column < _LEAST_SUMMARY_COLUMNS:
        column = 6
    lines = wrapped(language.at_prompt(TalkPhrase.CAN_BE_SAID, state=known.state.name), width)
    for spec in sorted(here, key=lambda spec: known.announces(spec) is False):
        first = f"  {spec.syntax:<{column - 2}}"
        if len(first) > column:
            lines.append(first.rstrip())
            first = " " * column
        lines += wrapped(_does(spec, known, language), width, first=first, indent=" " * column)
    others = ", ".join(spec.keyword.decode("ascii") for spec in SPECS.values() if known.state not in spec.states)
    lines += wrapped(language.at_prompt(TalkPhrase.IN_ANOTHER_STATE, commands=others), width)
    return lines + wrapped(language.talk[TalkPhrase.MORE_HELP], width)


def _about(spec: CommandSpec, known: Known, language: Language) -> Iterator[str]:
    yield language.commands[spec.keyword]
    for word in ARGUMENT_SYNTAX[spec.arguments].replace("[", "").replace("]", "").split():
        yield language.talk[_ARGUMENTS[word]]
    states = "; ".join(language.talk[phrase] for state, phrase in _STATES.items() if state in spec.states)
    yield language.at_prompt(TalkPhrase.WHEN, states=states)
    yield language.at_prompt(TalkPhrase.ANSWER, shape=language.talk[_SHAPES[spec.reply]])
    if spec.capability is not None:
        yield from _whether_it_is_there(spec, spec.capability.decode("ascii"), known, language)
    yield language.at_prompt(TalkPhrase.SOURCE, source=spec.source)


def _whether_it_is_there(spec: CommandSpec, capability: str, known: Known, language: Language) -> Iterator[str]:
    announced = known.announces(spec)
    if announced is True:
        yield language.at_prompt(TalkPhrase.IS_ANNOUNCED, capability=capability)
        if spec.arguments is ArgumentForm.MECHANISM:
            mechanisms = ", ".join(name for name in known.mechanisms if name.isprintable())
            yield language.at_prompt(TalkPhrase.OFFERS, mechanisms=mechanisms)
    elif announced is False:
        yield language.at_prompt(TalkPhrase.IS_NOT_ANNOUNCED, capability=capability)
    elif known.capabilities is None:
        yield language.at_prompt(TalkPhrase.ANNOUNCED_BY_THOSE_THAT_HAVE_IT, capability=capability)
    elif not known.capabilities.told:
        yield language.talk[TalkPhrase.NOTHING_IS_ANNOUNCED]
