"""Mail that is written in the full-screen reader, on its way out by the account that is read, like `restante send`.

A message is in the outbox before a server is asked. Here, too, is the person's editor, which has the terminal while
a draft is open; other tasks go on meanwhile. Fails with CommandFailed, MessageFault, OutboxFault, MailAccountFault.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import signal
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from restante.cli.outcome import CommandFailed, ExitCode
from restante.cli.sending import Outcome, keep, new_stamp, sending_account, try_to_send
from restante.mail_accounts import Account, Logins, Secrets, accounts_file, load_accounts, mail_data_folder
from restante.submission import Draft, MessageFault, Outbox, Outgoing, Stamp, compose

__all__ = ["Post", "edited", "outcome_words"]

_EDITORS: Final = ("editor", "nano", "vi")
"""Where nobody says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """Takes what was written, for one account."""

    account: str
    address: str
    """One's own, to which no answer goes."""
    secrets: Secrets

    def ready(self) -> Account:
        """Give the account; raises where it cannot send, before anybody writes."""
        return sending_account(load_accounts(accounts_file(os.environ)), self.account)

    def made(self, draft: Draft) -> tuple[Outgoing, Stamp]:
        """Make the message, of which nothing is kept yet. Raises MessageFault for what is wrong with the draft."""
        stamp = new_stamp(self.ready())
        outgoing = compose(draft, stamp)
        if not outgoing.recipients:
            raise MessageFault("nobody is named to send it to: write an address after To")
        return outgoing, stamp

    def keep(self, outgoing: Outgoing, stamp: Stamp) -> str:
        """Put it into the outbox, where it is durable; gives its id there."""
        return keep(self._outbox, outgoing, self.ready(), stamp)

    async def send(self, mark: str) -> Sequence[Outcome]:
        """Try it once."""
        accounts = load_accounts(accounts_file(os.environ))
        return await try_to_send(self._outbox, accounts, Logins(self.secrets), [mark])

    @property
    def _outbox(self) -> Outbox:
        return Outbox(mail_data_folder(os.environ) / "outbox")


async def edited(text: str) -> str:
    """Have the person edit a text; the terminal is to be free. Raises CommandFailed, and then nothing is kept."""
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or next(filter(shutil.which, _EDITORS), None)
    if editor is None:
        raise CommandFailed("there is no editor: set EDITOR to yours", exit_code=ExitCode.USAGE)
    with tempfile.TemporaryDirectory(prefix="restante-") as folder, _interrupts_left_to_the_editor():
        file = Path(folder) / "message.txt"
        file.touch(mode=0o600)
        file.write_text(text, "utf-8")
        try:
            process = await asyncio.create_subprocess_exec(*shlex.split(editor), str(file))
            code = await process.wait()
            found = file.read_text("utf-8", "replace")
        except (OSError, ValueError) as error:
            raise CommandFailed(f"the editor '{editor}' cannot be used ({error}): set EDITOR to yours") from None
    if code != 0:
        raise CommandFailed(f"the editor ended with {code}, and nothing was sent")
    return found


@contextmanager
def _interrupts_left_to_the_editor() -> Iterator[None]:
    """Let Ctrl-C be the editor's affair: the terminal sends it to both."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def outcome_words(outcomes: Sequence[Outcome]) -> tuple[str, bool]:
    """Tell in a line what became of a message, and whether that was all that was wished for."""
    words = []
    for outcome in outcomes:
        if outcome.taken:
            words.append(f"sent to {', '.join(outcome.taken)}")
        words += [f"refused for {refused.recipient}: {refused.said}" for refused in outcome.refused]
        if outcome.refused:
            words.append(f"kept aside as {outcome.id}: 'restante send --outbox' shows it")
        if outcome.waits_for:
            words.append(
                f"not sent yet: {outcome.error}; it waits in the outbox, and 'restante send --flush' tries again"
            )
    is_all = all(not outcome.refused and not outcome.waits_for for outcome in outcomes)
    return "; ".join(words) or "another program is sending it: see 'restante send --outbox'", is_all
