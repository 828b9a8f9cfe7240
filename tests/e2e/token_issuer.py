"""An issuer of tokens over HTTP on loopback: its configuration, its keys, its tokens, and introspection."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from tests.accounts.issuer import EC, signed

__all__ = ["AUDIENCE", "CLIENT_ID", "CLIENT_SECRET", "HttpIssuer", "issuing"]

AUDIENCE = "restante"
CLIENT_ID = "pop3"
CLIENT_SECRET = "s3cret"


class HttpIssuer:
    """Says at `url` what an issuer publishes, and gives tokens."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.opaque: dict[str, str] = {}
        """Tokens that are no JWT, and whose they are; for introspection."""
        self.refreshing: dict[str, str] = {}
        """Refresh tokens, and whose they are."""
        self.asked: list[str] = []

    def token(self, name: str, **claims: Any) -> str:
        """Give a signed token for a name."""
        now = time.time()
        told = {"iss": self.url, "aud": AUDIENCE, "exp": now + 300, "iat": now, "preferred_username": name}
        return signed({**told, **claims}, EC, "ES256").reveal().decode()

    def answer(self, path: str, form: str, authorization: str | None) -> dict[str, Any] | None:
        """Answer a request, as its path says."""
        self.asked.append(path)
        match path:
            case "/.well-known/openid-configuration":
                return {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
            case "/keys":
                return {"keys": [EC.as_dict(private=False)]}
            case "/token":
                name = self.refreshing.get(parse_qs(form).get("refresh_token", [""])[0])
                return {"access_token": self.token(name), "expires_in": 300} if name else None
            case "/introspect" if authorization == "Basic cG9wMzpzM2NyZXQ=":
                name = self.opaque.get(parse_qs(form).get("token", [""])[0])
                return {"active": True, "aud": AUDIENCE, "preferred_username": name} if name else {"active": False}
        return None


@contextmanager
def issuing() -> Iterator[HttpIssuer]:
    """Run an issuer for the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            octets = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            told = issuer.answer(self.path, octets.decode(), self.headers.get("Authorization"))
            body = json.dumps(told or {}).encode()
            self.send_response(200 if told else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's word
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer = HttpIssuer(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
