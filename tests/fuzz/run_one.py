"""One fuzzer in this process: `python -m tests.fuzz.run_one NAME [libFuzzer option or folder...]`."""

from __future__ import annotations

import importlib
import sys


def main() -> None:
    """Fuzz for as long as the options say."""
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["restante"]):
        fuzzer = importlib.import_module(f"tests.fuzz.fuzz_{sys.argv[1]}")
    atheris.Setup([sys.argv[0], *sys.argv[2:]], fuzzer.one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
