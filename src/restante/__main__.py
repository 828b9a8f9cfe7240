"""`python -m restante`: the program `restante`, by the interpreter at hand."""

import sys

from restante.cli import main

if __name__ == "__main__":
    sys.exit(main())
