"""What inetd does: `inetd.py PORT PROGRAM ARGUMENT…` starts a program for each connection."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys


def main() -> None:
    """Serve until killed."""
    # Nobody waits for those that end.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=50)
    while True:
        connection, _ = listener.accept()
        with connection:
            ends = connection.fileno()
            subprocess.Popen(sys.argv[2:], stdin=ends, stdout=ends, stderr=ends)


if __name__ == "__main__":
    main()
