"""A DNS server and an https server on loopback, for what a domain says of its mail."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import dns.message
import dns.rrset
import trustme

from restante.mail_accounts.resolving import Resolver
from restante.mail_accounts.web import Web

__all__ = ["Pages", "names", "pages"]


@contextmanager
def names(records: Mapping[tuple[str, str], list[str]]) -> Iterator[Resolver]:
    """Serve records by name and kind, such as `("_pop3s._tcp.example.org", "SRV")`; gives who asks there."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.bind(("127.0.0.1", 0))

        def serve() -> None:
            while True:
                octets, peer = wire.recvfrom(4096)
                if octets == b"stop":
                    return
                query = dns.message.from_wire(octets)
                answer = dns.message.make_response(query)
                question = query.question[0]
                kind = dns.rdatatype.to_text(question.rdtype)
                texts = records.get((question.name.to_text(omit_final_dot=True), kind), [])
                if texts:
                    answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *texts))
                else:
                    answer.set_rcode(dns.rcode.NXDOMAIN)
                wire.sendto(answer.to_wire(), peer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield Resolver(nameservers=("127.0.0.1",), port=wire.getsockname()[1])
        finally:
            wire.sendto(b"stop", wire.getsockname())
            thread.join(30)


Answer = tuple[int, bytes, dict[str, str]]


@dataclass
class Pages:
    """An https server, whose pages are known by host and path."""

    web: Web
    at: dict[str, Answer] = field(default_factory=dict)
    """`host/path` to status, body and fields."""
    posts: Callable[[str, dict[str, str]], tuple[int, dict[str, object]]] | None = None
    """Gives the answer to a form."""
    asked: list[str] = field(default_factory=list)


@contextmanager
def pages(folder: Path, *hosts: str) -> Iterator[Pages]:
    """Serve pages for hosts, whose certificates are from an authority of the test's own."""
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(*hosts).configure_cert(context)
    file = folder / "web-authority.pem"
    authority.cert_pem.write_to_path(str(file))
    served: list[Pages] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            key = f"{self.headers['Host']}{self.path}"
            served[0].asked.append(key)
            self._answer(*served[0].at.get(key, (404, b"", {})))

        def do_POST(self) -> None:
            octets = self.rfile.read(int(self.headers["Content-Length"]))
            form = {name: values[0] for name, values in parse_qs(octets.decode()).items()}
            served[0].asked.append(self.path)
            assert served[0].posts is not None
            status, fields = served[0].posts(self.path, form)
            self._answer(status, json.dumps(fields).encode(), {})

        def _answer(self, status: int, octets: bytes, fields: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in fields.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(octets)))
            self.end_headers()
            self.wfile.write(octets)

        def log_message(self, *words: object) -> None:
            del words

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        here = f"127.0.0.1:{server.server_address[1]}"
        served.append(Pages(web=Web(authorities=file, addresses={f"{host}:443": here for host in hosts})))
        try:
            yield served[0]
        finally:
            server.shutdown()
            thread.join(30)
