"""The words of `restante talk`, from the one table: completion, hints, help, and what may be remembered of a line.

No terminal is here, and nothing fails. The one local word is `help`; `/` before a line sends it as it stands, so
that no command of any server is out of reach.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from restante.proto.spec import ARGUMENT_SYNTAX, SPECS, CommandSpec
from restante.proto.terms import State

__all__ = ["AS_IT_STANDS", "HELP", "completions", "help_asked", "help_lines", "hint", "may_be_kept", "shown_until"]

HELP: Final = "help"
AS_IT_STANDS: Final = "/"

_STATES: Final = {
    State.AUTHORIZATION: "AUTHORIZATION, before the login",
    State.TRANSACTION: "TRANSACTION, after it",
}
_ARGUMENTS: Final = {
    "msg": "msg is a message number, as LIST gives it",
    "n": "n is how many lines of the body; 0: the headers alone",
    "name": "name is that of the maildrop",
    "password": "password is all that follows the one space; without one you are asked, and it is not shown",
    "digest": "digest is the MD5, in hex, of the greeting's timestamp with the password after it",
    "mechanism": "mechanism is one that CAPA lists after SASL",
    "initial-response": "initial-response is in base64; without one the server asks",
    "language": "language is a tag, such as de",
}


def completions(text: str, state: State) -> Iterator[tuple[str, str]]:
    """Give what the last word of a line may become, with what it does: commands of the state, and `help`."""
    words = text.split(" ")
    if len(words) > 2 or (len(words) == 2 and words[0].lower() != HELP):
        return
    begun = words[-1].upper()
    for spec in SPECS.values():
        keyword = spec.keyword.decode("ascii")
        if keyword.startswith(begun) and (len(words) == 2 or state in spec.states):
            yield keyword, spec.summary
    if len(words) == 1 and HELP.startswith(words[0].lower()):
        yield HELP, "Tells what can be said now, or what a command does."


def hint(text: str) -> str:
    """Give what may follow a command that is typed so far, for people: its arguments that are not there yet."""
    keyword, *typed = text.split(" ")
    spec = SPECS.get(keyword.upper().encode("utf-8", "replace"))
    if spec is None:
        return "[command]" if keyword.lower() == HELP and not any(typed) else ""
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
    if help_asked(text) is not None:
        return True
    spec = SPECS.get(text.strip().split(" ")[0].upper().encode("utf-8", "replace"))
    return spec is not None and not spec.secret


def help_asked(text: str) -> str | None:
    """Give what help is asked about, empty for all; None where the line is for the server."""
    words = text.split()
    if not words or words[0].lower() not in (HELP, "?"):
        return None
    return " ".join(words[1:])


def help_lines(about: str, state: State) -> list[str]:
    """Give the help about a command, or, without one, about all."""
    if not about:
        lines = [f"What can be said now, in the state {state.name}:"]
        lines += [f"  {spec.syntax:<34}{spec.summary}" for spec in SPECS.values() if state in spec.states]
        others = [spec.keyword.decode("ascii") for spec in SPECS.values() if state not in spec.states]
        lines.append(f"In another state: {', '.join(others)}.")
        lines.append(
            f"{HELP} RETR tells more of RETR. A line that begins with {AS_IT_STANDS} is sent without it, as"
        )
        lines.append(f"it stands: {AS_IT_STANDS}HELP asks the server for help. Ctrl-D hangs up without QUIT.")
        return lines
    spec = SPECS.get(about.upper().encode("utf-8", "replace"))
    if spec is None:
        known = ", ".join(keyword.decode("ascii") for keyword in SPECS)
        return [f"That is none of POP3's commands, which are {known}."]
    return _about(spec)


def _about(spec: CommandSpec) -> list[str]:
    lines = [spec.syntax, f"  {spec.summary}"]
    lines += [
        f"  {_ARGUMENTS[word]}."
        for word in ARGUMENT_SYNTAX[spec.arguments].replace("[", "").replace("]", "").split()
    ]
    states = "; ".join(words for state, words in _STATES.items() if state in spec.states)
    lines.append(f"  When: {states}.")
    lines.append(f"  Answer: {spec.reply.value}.")
    if spec.capability is not None:
        lines.append(f"  A server that has it says {spec.capability.decode('ascii')} in its answer to CAPA.")
    lines.append(f"  Source: {spec.source}.")
    return lines
