"""A server on 127.0.0.1 that misbehaves on demand."""

from __future__ import annotations

import contextlib
import email.utils
import http.server
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

Handler = http.server.BaseHTTPRequestHandler
Behaviour = Callable[["Handler"], None]

LONG_AGO = email.utils.formatdate(1_700_000_000, usegmt=True)


@dataclass
class Server:
    """What it serves, and what it was asked."""

    url: str = ""
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=lambda: {"ETag": '"one"'})
    """Sent with every 200 and 206."""
    ranges: bool = True
    cuts: list[int] = field(default_factory=list)
    """How many body bytes each coming answer sends before the connection drops."""
    behaviours: list[Behaviour] = field(default_factory=list)
    """What each coming answer is instead of the file; the last may be `forever`."""
    asked: list[dict[str, str]] = field(default_factory=list)
    before_answer: Callable[[int], None] = lambda number: None
    """Called with the number of the request, from 1."""

    def respond(self, handler: Handler) -> None:
        """One answer."""
        self.asked.append({"path": handler.path, **handler.headers})
        self.before_answer(len(self.asked))
        if self.behaviours:
            self.behaviours.pop(0)(handler)
        else:
            self._send_file(handler)

    def _send_file(self, handler: Handler) -> None:
        first = self._first(handler)
        if first is not None and first >= len(self.body):
            send(handler, 416, b"", {"Content-Range": f"bytes */{len(self.body)}"})
            return
        headers = dict(self.headers)
        if first is not None:
            headers["Content-Range"] = f"bytes {first}-{len(self.body) - 1}/{len(self.body)}"
        body = self.body[first or 0 :]
        cut = self.cuts.pop(0) if self.cuts else len(body)
        send(handler, 200 if first is None else 206, body[:cut], headers, length=len(body))

    def _first(self, handler: Handler) -> int | None:
        """The first byte of the answer; None for all of them."""
        match = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", ""))
        if not self.ranges or match is None:
            return None
        condition = handler.headers.get("If-Range")
        current = (self.headers.get("ETag"), self.headers.get("Last-Modified"))
        return int(match[1]) if condition is None or condition in current else None


def send(
    handler: Handler, status: int, body: bytes, headers: dict[str, str] | None = None, *, length: int | None = None
) -> None:
    """Headers and a body, of which the length may be claimed; then the connection ends."""
    claimed = {"Content-Length": str(len(body) if length is None else length), "Connection": "close"}
    handler.send_response(status)
    for name, value in (claimed | (headers or {})).items():
        if value:
            handler.send_header(name, value)
    handler.end_headers()
    with contextlib.suppress(OSError):
        handler.wfile.write(body)
    handler.close_connection = True


def always(status: int, body: bytes = b"", **headers: str) -> Behaviour:
    """The same answer; `Retry_After="3"` is the header Retry-After."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler: send(handler, status, body, named)


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """A server in a thread."""
    server = Server()

    class Respond(Handler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:  # noqa: N802
            server.respond(self)

        def log_message(self, *words: object) -> None:
            pass

    httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Respond)
    httpd.daemon_threads = True
    server.url = f"http://127.0.0.1:{httpd.server_address[1]}/part.zip"
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join()
