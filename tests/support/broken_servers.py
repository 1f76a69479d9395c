"""Loopback servers that disconnect or misbehave at one point of an exchange."""

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from time import sleep

import trustme

Handler = Callable[[socket.socket], object]
REQUEST_END = b"\r\n\r\n"


class BrokenServer:
    """Answers each connection with a function, and stores the requests that it read."""

    def __init__(self, make: Callable[["BrokenServer"], Handler]) -> None:
        self._handler = make(self)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._over = threading.Event()
        self.requests: list[bytes] = []
        self.connections = 0
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            self._handler(connection)

    def close(self) -> None:
        self._over.set()
        self._listener.close()

    # Building blocks for handlers.

    def read_request(self, connection: socket.socket) -> bytes:
        """Read a request with its body; only data that begins like HTTP counts as one."""
        data = b""
        while REQUEST_END not in data:
            if not (more := connection.recv(65_536)):
                break
            data += more
        head, _, body = data.partition(REQUEST_END)
        length = next(
            (
                int(line[15:])
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-l")
            ),
            0,
        )
        while len(body) < length and (more := connection.recv(65_536)):
            body += more
        if data:
            self.requests.append(head)
        return data

    def stay_silent(self, connection: socket.socket) -> None:
        self._over.wait(30)

    def drip(self, connection: socket.socket, data: bytes, pause: float = 0.05) -> None:
        """Send the data byte by byte, then repeat the last byte for ever."""
        position = 0
        while not self._over.is_set():
            connection.sendall(data[position : position + 1])
            position = min(position + 1, len(data) - 1)
            sleep(pause)

    def flood(self, connection: socket.socket, piece: bytes) -> None:
        while not self._over.is_set():
            connection.sendall(piece)


def reset(connection: socket.socket) -> None:
    """Close with RST instead of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def read_and_close(_server: BrokenServer) -> Handler:
    return lambda connection: connection.recv(1_000)


def read_and_reset(_server: BrokenServer) -> Handler:
    def handler(connection: socket.socket) -> None:
        connection.recv(1_000)
        reset(connection)

    return handler


def stay_silent(server: BrokenServer) -> Handler:
    return server.stay_silent


def answer_in_plain_http(_server: BrokenServer) -> Handler:
    def handler(connection: socket.socket) -> None:
        connection.recv(1_000)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    return handler


@contextlib.contextmanager
def broken_server(make: Callable[["BrokenServer"], Handler]) -> Iterator[BrokenServer]:
    """Yield a running server; its handler may use the server's methods."""
    server = BrokenServer(make)
    try:
        yield server
    finally:
        server.close()


class Authority:
    """A certificate authority, and TLS contexts for servers on loopback."""

    def __init__(self, folder) -> None:
        self._authority = trustme.CA()
        self.bundle = folder / "authority.pem"
        self._authority.cert_pem.write_to_path(self.bundle)

    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
        return context
