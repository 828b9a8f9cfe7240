"""Restante with its mail in memory: `restante serve` as it is, but for the store, which is filled from Maildirs.

    python benchmarks/in_memory.py MAIL DATA ARGUMENTS…

MAIL has a Maildir for each account of the data folder DATA; ARGUMENTS are further ones of `restante serve`. What it
costs is the protocol's part: no file of a message is opened, no folder looked at. What comes in is gone at the end.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from restante import app
from restante.cli import main as restante
from restante.config.settings import Settings
from restante.stores.memory import MemoryStore


async def filled(mail: Path, data: Path) -> MemoryStore:
    """Give a store with all messages."""
    store, directory = MemoryStore(), app.open_directory(Settings(data=data))
    try:
        for name in sorted(os.listdir(mail)):
            account = directory.find(name)
            if account is not None:
                for file in sorted(os.scandir(mail / name / "new"), key=lambda file: file.name):
                    with open(file, "rb") as message:  # noqa: ASYNC230 - nothing else goes on here
                        await (await store.stage(account, [message.read()])).publish()
    finally:
        directory.close()
    return store


def main() -> int:
    """Serve."""
    mail, data, *arguments = sys.argv[1:]
    store = asyncio.run(filled(Path(mail), Path(data)))
    # The workers are forked from here, and each has a copy of it.
    app.open_site_store = lambda settings: store  # type: ignore[assignment,return-value]  # that is what is compared
    return restante(["serve", "--data", data, *arguments])


if __name__ == "__main__":
    sys.exit(main())
