"""A web server on this machine that takes its time, and counts what it is asked for."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path


@dataclass
class Asked:
    """What a server was asked for."""

    requests: list[tuple[str, str, str]] = field(default_factory=list)
    """Method, path with its query, and range of each, in the order in which they came."""
    at_once: int = 0
    """The largest number that waited at a time."""
    sent: int = 0
    """Bytes of files that were sent."""

    def count(self, path: str) -> int:
        """Count the requests for one path, without its query."""
        return Counter(urlsplit(asked).path for _, asked, _ in self.requests)[path]

    def clear(self) -> None:
        """Forget all."""
        self.requests.clear()
        self.at_once = self.sent = 0


class DelayingServer(ThreadingHTTPServer):
    """Serves a folder on a free port of this machine: HTTP/1.1 with ranges, no listings."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, folder: Path, delay: float = 0.0) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder = folder
        self.delay = delay
        """Seconds that each answer waits."""
        self.answer: Callable[[str, str, int], HTTPStatus | None] = lambda *_asked: None
        """Returns a status to answer with in place of the file, for a method, a path and the first
        byte wanted."""
        self.asked = Asked()
        self.lock = threading.Lock()
        self.waiting = 0

    def url(self, name: str = "") -> str:
        """Return the address of a file."""
        return f"http://127.0.0.1:{self.server_port}/{name}"


class _Handler(BaseHTTPRequestHandler):
    server: DelayingServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # header and body leave together

    def do_GET(self) -> None:
        """Send a file, or a range of it."""
        self._serve(with_body=True)

    def do_HEAD(self) -> None:
        """Send the headers."""
        self._serve(with_body=False)

    def _serve(self, *, with_body: bool) -> None:
        server = self.server
        span = self.headers.get("Range", "")
        with server.lock:
            server.asked.requests.append((self.command, self.path, span))
            server.waiting += 1
            server.asked.at_once = max(server.asked.at_once, server.waiting)
        time.sleep(server.delay)
        with server.lock:
            server.waiting -= 1
        path = unquote(urlsplit(self.path).path)
        first = re.match(r"bytes=(\d+)", span)
        status = server.answer(self.command, path, int(first[1]) if first else 0)
        with suppress(ConnectionError):
            if status is not None:
                self._send(status, b"", with_body=with_body)
            else:
                self._send_file(server.folder / path.lstrip("/"), span, with_body=with_body)

    def _send_file(self, path: Path, span: str, *, with_body: bool) -> None:
        if not path.is_file():
            self._send(HTTPStatus.NOT_FOUND, b"", with_body=with_body)
            return
        found = path.stat()
        match = re.fullmatch(r"bytes=(\d+)-(\d*)", span)
        start = int(match[1]) if match else 0
        end = min(int(match[2] or found.st_size) + 1 if match else found.st_size, found.st_size)
        if start >= found.st_size:
            self._send(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, b"", with_body=with_body)
            return
        headers = {"Last-Modified": formatdate(found.st_mtime, usegmt=True)}
        if match:
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{found.st_size}"
        with path.open("rb") as file:
            file.seek(start)
            body = file.read(end - start)
        status = HTTPStatus.PARTIAL_CONTENT if match else HTTPStatus.OK
        self._send(status, body, headers, with_body=with_body)

    def _send(
        self,
        status: HTTPStatus,
        body: bytes,
        headers: Mapping[str, str] | None = None,
        *,
        with_body: bool,
    ) -> None:
        self.send_response(status)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(body)
            with self.server.lock:
                self.server.asked.sent += len(body)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@contextmanager
def serve(folder: Path, delay: float = 0.0) -> Iterator[DelayingServer]:
    """Serve a folder from a thread for a while."""
    with DelayingServer(folder, delay) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
