"""An HTTP server on a real port that forwards requests and alters the responses."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

_OPENER = build_opener(ProxyHandler({}))
_FORWARDED = ("Content-Type", "X-Authorization-Key", "Authorization")


@dataclass
class Reply:
    """A response on its way back; the test changes it in place."""

    method: str
    path: str
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def is_send(self) -> bool:
        return self.method == "POST" and self.status == 200

    @property
    def is_report(self) -> bool:
        return self.method == "GET" and self.status == 200

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @json.setter
    def json(self, value: Any) -> None:
        self.body = json.dumps(value).encode()


Alteration = Callable[[Reply], object]


@contextmanager
def altering(url: str, alter: Alteration) -> Iterator[str]:
    """Forward to `url` and yield the address of the forwarding server."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            reply = _forward(url, self, self.rfile.read(length))
            alter(reply)
            self.send_response_only(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        do_GET = do_POST = answer

        def log_message(self, *args: Any) -> None:
            """Print nothing during tests."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _forward(url: str, request: BaseHTTPRequestHandler, body: bytes) -> Reply:
    headers = {name: request.headers[name] for name in _FORWARDED if name in request.headers}
    data = body if request.command == "POST" else None
    sent = Request(url + request.path, data=data, headers=headers, method=request.command)
    try:
        with _OPENER.open(sent) as answer:
            status, content, kind = answer.status, answer.read(), answer.headers["Content-Type"]
    except HTTPError as error:
        status, content, kind = error.code, error.read(), error.headers["Content-Type"]
        error.close()
    return Reply(request.command, request.path, status, content, {"Content-Type": kind})
