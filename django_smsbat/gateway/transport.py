"""One thread's connection to SMSBAT: `requests` and urllib3 with hooks below them.

The hooks record the phase of the attempt and check every wait and every byte against its limits:
also those of the TLS handshake, of a proxy, of headers, and of a body that arrives byte by byte.
"""

import http.client
import io
import socket
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, cast

import requests
from requests.adapters import HTTPAdapter
from requests.utils import select_proxy
from urllib3 import HTTPConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util import connection as sockets

from django_smsbat.gateway.attempt import ANSWER_MAX, AnswerTooLarge, Attempt, Phase
from django_smsbat.gateway.auth import Credentials
from django_smsbat.gateway.loopback import PlainHTTPRefused, is_loopback
from django_smsbat.gateway.route import Route

SEND_PATH: Final = "/bat/messagelist"
STATUS_PATH: Final = "/bat/message/"
PATHS: Final = {"POST": SEND_PATH, "GET": STATUS_PATH}
_HEADERS: Final = {
    "Content-Type": "application/json; charset=utf-8",
    "Accept": "application/json",
    "User-Agent": "django-smsbat",
}
_WRITTEN: Final = 64 * 1024  # bytes between two checks of the time
_READ: Final = 16 * 1024  # bytes of a response, which may decompress to a thousand times as many


@dataclass(frozen=True)
class Answer:
    """The response. The repr does not show the body.

    Attributes:
        seconds: from the first step of the attempt to the end of the headers.
        is_cut: whether the body exceeded the limit and was truncated.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    seconds: float
    is_cut: bool = False

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


class Transport:
    """A session that is prepared once and used by one thread.

    `requests` reads proxies and certificates from the environment for each request, which takes
    half of the time of a status request.
    """

    def __init__(self, base_url: str, credentials: Credentials) -> None:
        self._session = requests.Session()
        self._session.headers.update(_HEADERS)
        self._session.auth = credentials  # set, so that .netrc is not read
        self._adapter = _Adapter()
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, self._adapter)
        merged = self._session.merge_environment_settings(
            base_url, {}, stream=True, verify=None, cert=None
        )
        self._environment = cast(dict[str, Any], merged)
        self._prepared = {
            method: self._session.prepare_request(requests.Request(method, base_url + path))
            for method, path in PATHS.items()
        }
        self._session.get_adapter(base_url)  # raises for anything but http and https
        self.route = Route.of(base_url, self._environment)

    def exchange(self, method: str, end: str, body: bytes | None, attempt: Attempt) -> Answer:
        """Send one request and read its response, within the limits of the attempt.

        Args:
            end: the text after the path, such as the id of a message.
        """
        request = self._prepared[method].copy()
        request.url = f"{request.url}{end}"
        if body is not None:
            request.prepare_body(body, None)
        self._adapter.attempt = attempt
        # Not through the session, which would prepare the next request of a redirect and read its
        # whole body.
        response = self._adapter.send(request, timeout=attempt.seconds_left(), **self._environment)
        seconds = attempt.elapsed()
        content, is_cut = _read(response)
        return Answer(response.status_code, response.headers, content, seconds, is_cut)

    def close(self) -> None:
        self._session.close()


def _read(response: requests.Response) -> tuple[bytes, bool]:
    """Return the decompressed body up to the limit, and whether it was truncated."""
    pieces: list[bytes] = []
    size = 0
    try:
        for piece in response.iter_content(_READ):
            size += len(piece)
            if size > ANSWER_MAX:
                raise AnswerTooLarge
            pieces.append(piece)
    except AnswerTooLarge:
        response.close()
        return b"".join(pieces), True
    return b"".join(pieces), False


class _Adapter(HTTPAdapter):
    """Makes the connections of its pools report to the current attempt."""

    attempt: Attempt

    def get_connection_with_tls_context(
        self,
        request: requests.PreparedRequest,
        verify: Any,
        proxies: Any = None,
        cert: Any = None,
    ) -> HTTPConnectionPool:
        connect = super().get_connection_with_tls_context
        try:
            pool = connect(request, verify, proxies=proxies, cert=cert)
        except Exception:
            if select_proxy(str(request.url), proxies):
                connect(request, verify, cert=cert)  # raises if the proxy is not the cause
                self.attempt.phase = Phase.CHOOSING_PROXY
            raise
        pool = cast(HTTPConnectionPool, pool)
        base = cast(type[HTTPConnection], pool.ConnectionCls)
        if not issubclass(base, _Connection):
            pool.ConnectionCls = type(base.__name__, (_Connection, base), {"adapter": self})
        return pool


class _Connection(HTTPConnection):
    """Mixed into urllib3's connection classes, including those with TLS and through SOCKS."""

    adapter: _Adapter

    @property
    def _attempt(self) -> Attempt:
        return self.adapter.attempt

    def connect(self) -> None:
        self._attempt.phase = Phase.CONNECTING
        super().connect()

    def _new_conn(self) -> socket.socket:
        """Connect to the first address that responds, within the attempt's total time."""
        socks: Mapping[str, Any] | None = getattr(self, "_socks_options", None)
        if socks is not None and not isinstance(self, HTTPSConnection):
            _require_loopback(str(socks["proxy_host"]))
        connected = self._connected() if socks is None else super()._new_conn()
        if isinstance(self, HTTPSConnection):
            self._go_on(Phase.SECURING, connected)
        return connected

    def _connected(self) -> socket.socket:
        failure: Exception = OSError("the name has no address")
        for address in self._addresses():
            if not isinstance(self, HTTPSConnection):
                _require_loopback(address)
            try:
                return sockets.create_connection(
                    (address, self.port),
                    self._attempt.seconds_left(),
                    source_address=self.source_address,
                    socket_options=self.socket_options,
                )
            except OSError as error:
                failure = error
        is_late = isinstance(failure, TimeoutError)
        kind = ConnectTimeoutError if is_late else NewConnectionError
        raise kind(self, str(failure)) from failure

    def _addresses(self) -> Iterator[str]:
        family = sockets.allowed_gai_family()
        try:
            results = socket.getaddrinfo(self._dns_host, self.port, family, socket.SOCK_STREAM)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        return (str(address[0]) for *_, address in results)

    def _connect_tls_proxy(self, *args: Any, **options: Any) -> Any:
        """Open the TLS connection to an https proxy."""
        self._attempt.phase = Phase.TUNNELLING
        # mypy: only the connections with TLS define and call it.
        return super()._connect_tls_proxy(*args, **options)  # type: ignore[misc]

    def _tunnel(self) -> None:
        self._go_on(Phase.TUNNELLING, self.sock)
        super()._tunnel()
        self._go_on(Phase.SECURING, self.sock)

    def _go_on(self, phase: Phase, connected: socket.socket) -> None:
        self._attempt.phase = phase
        connected.settimeout(self._attempt.seconds_left())

    def send(self, data: Any) -> None:
        """Write to the server, or request a tunnel from the proxy.

        Data written to the established connection is the request: the attempt begins here.
        """
        if self.sock is None:
            self.connect()
        attempt = self._attempt
        if attempt.phase is not Phase.TUNNELLING:
            attempt.begin()
        view = memoryview(data)
        for start in range(0, len(view), _WRITTEN):
            self.sock.settimeout(attempt.seconds_left())
            super().send(view[start : start + _WRITTEN])

    def response_class(  # type: ignore[override]
        self, sock: socket.socket, *args: Any, **options: Any
    ) -> http.client.HTTPResponse:
        bounded = cast(socket.socket, _BoundedSocket(sock, self._attempt))
        return http.client.HTTPResponse(bounded, *args, **options)


def _require_loopback(host: str) -> None:
    """Refuse plain http by the connection's own address, whether a server's or a proxy's.

    The services check the host of `BASE_URL`, but a name may resolve to another machine.
    """
    if not is_loopback(host):
        raise PlainHTTPRefused


class _BoundedSocket:
    """A socket for a response object: it provides the file to read from."""

    def __init__(self, sock: socket.socket, attempt: Attempt) -> None:
        self._sock = sock
        self._attempt = attempt

    def makefile(self, mode: str) -> io.BufferedReader:
        raw = self._sock.makefile("rb", buffering=0)  # keeps the socket open while it is read
        return io.BufferedReader(_BoundedReader(raw, self._sock, self._attempt))


class _BoundedReader(io.RawIOBase):
    """Reads from a socket; each wait and each byte counts against the limits of the attempt."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, attempt: Attempt) -> None:
        self._raw = raw
        self._sock = sock
        self._attempt = attempt

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._attempt.seconds_left())
        count = self._raw.readinto(buffer)
        self._attempt.count(count or 0)
        return count

    def close(self) -> None:
        with suppress(OSError):
            self._raw.close()
        super().close()
