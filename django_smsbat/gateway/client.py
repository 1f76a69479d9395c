"""The one place where a request leaves for SMSBAT.

One call is one request: it is paced, but neither repeated nor delayed after a refusal. Everything
that can go wrong comes out as `GatewayError`, whose kind says what became of the messages.
"""

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import quote, unquote, urlsplit

import requests
from urllib3 import exceptions as urllib3_errors

from django_smsbat.gateway import answers
from django_smsbat.gateway.answers import SendAnswer, StatusReport
from django_smsbat.gateway.auth import Credentials
from django_smsbat.gateway.dialects import Dialect, Outgoing, encode_request
from django_smsbat.gateway.errors import ErrorKind, GatewayError
from django_smsbat.gateway.exchange import Exchange, visible_headers
from django_smsbat.gateway.message_types import BATCH_MAX
from django_smsbat.gateway.pacing import Pace, PaceUnavailable, Turnstile

SEND_PATH: Final = "/bat/messagelist"
STATUS_PATH: Final = "/bat/message/"
_HEADERS: Final = {
    "Content-Type": "application/json; charset=utf-8",
    "Accept": "application/json",
    "User-Agent": "django-smsbat",
}


class Client:
    """SMSBAT's API for one account. Safe to share between threads: each has its own session.

    Args:
        base_url: of the account's region, such as ``https://restapi.smsbat.com``.
        timeout: seconds, for connecting and again for each wait for the answer.
        send_pace: of requests that send.
        status_pace: of requests that ask for a status.
    """

    def __init__(
        self,
        base_url: str,
        credentials: Credentials,
        *,
        dialect: Dialect = Dialect.MESSAGELIST,
        timeout: float = 30,
        send_pace: Pace = Pace(100),  # noqa: B008 - frozen
        status_pace: Pace = Pace(50),  # noqa: B008 - frozen
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._credentials = credentials
        self._dialect = dialect
        self._timeout = timeout
        self._turnstiles = {SEND_PATH: Turnstile(send_pace), STATUS_PATH: Turnstile(status_pace)}
        self._local = threading.local()
        self._on_exchange: Callable[[Exchange], object] | None = None

    def __repr__(self) -> str:
        return f"Client({urlsplit(self._base_url).hostname!r})"

    def send(
        self, messages: Sequence[Outgoing], *, before_leaving: Callable[[], object] | None = None
    ) -> SendAnswer:
        """Hand messages to SMSBAT in one request.

        Args:
            before_leaving: called when the request's turn has come, before its first byte; what
                it raises stops the request.

        Raises:
            GatewayError: where no readable answer came; its kind says what to think of them.
            ValueError: for no messages, or more than a request may hold.
        """
        if not 0 < len(messages) <= BATCH_MAX:
            raise ValueError(f"a request holds 1 to {BATCH_MAX:,} messages, not {len(messages):,}")
        self._wait_for_turn(SEND_PATH)
        if before_leaving:
            before_leaving()
        answer = self._exchange("POST", "", lambda: encode_request(messages, self._dialect))
        return answers.parse_send(_or_raise(answer), messages)

    def status(self, message_id: str) -> StatusReport:
        """Ask what became of one message.

        Raises:
            GatewayError: where no readable answer came; ``NOT_FOUND`` for an unknown id.
        """
        self._wait_for_turn(STATUS_PATH)
        answer = self._exchange("GET", quote(message_id, safe=""), lambda: None)
        return answers.parse_status(_or_raise(answer))

    def post(self, body: bytes) -> None:
        """Post a body to the send path as it is, and return nothing: an observer sees the answer.

        For checking how SMSBAT refuses a request. The body must not hold a message that could be
        sent: `send` is for those.

        Raises:
            GatewayError: if no answer came, or a refusal.
        """
        self._wait_for_turn(SEND_PATH)
        _or_raise(self._exchange("POST", "", lambda: body))

    @contextmanager
    def observed_by(self, on_exchange: Callable[[Exchange], object]) -> Iterator[None]:
        """Pass every exchange of this client to a function until the end of the block.

        The function is called in the thread of the request and must not raise.
        """
        self._on_exchange = on_exchange
        try:
            yield
        finally:
            self._on_exchange = None

    def close(self) -> None:
        """Stop the pacing threads and this thread's session."""
        for turnstile in self._turnstiles.values():
            turnstile.close()
        if connection := getattr(self._local, "connection", None):
            connection.close()

    def _wait_for_turn(self, path: str) -> None:
        try:
            self._turnstiles[path].wait()
        except PaceUnavailable as error:
            raise GatewayError(ErrorKind.UNPACED, str(error)) from None

    def _exchange(
        self, method: str, end: str, body: Callable[[], bytes | None]
    ) -> bytes | GatewayError:
        """One request, one answer: the only place of the package that sends anything.

        An error is returned, not raised: error pages show the variables of the frames that an
        exception passed through, and these hold the texts and the credentials.
        """
        try:
            written = body()
        except ValueError:  # half a surrogate pair, which UTF-8 cannot write
            return GatewayError(ErrorKind.INVALID, "a text cannot be encoded")
        try:
            response = self._connection().send(method, end, written, self._timeout)
        except (requests.RequestException, urllib3_errors.HTTPError, ValueError) as error:
            failed = _network_error(error)
            if self._on_exchange is not None:
                self._on_exchange(_unanswered(method, end, written, failed))
            return failed
        if self._on_exchange is not None:
            self._on_exchange(self._answered(method, end, written, response))
        if 200 <= response.status_code < 300:
            return response.content
        retry_after = _seconds(
            response.headers.get("Retry-After", ""), response.headers.get("Date")
        )
        content = self._credentials.conceal(response.content)
        return answers.parse_error(response.status_code, content, retry_after)

    def _answered(
        self, method: str, end: str, written: bytes | None, response: requests.Response
    ) -> Exchange:
        return Exchange(
            method=method,
            path=_PATHS[method],
            message_id=unquote(end),
            request=written or b"",
            status=response.status_code,
            headers=visible_headers(response.headers),
            body=self._credentials.conceal(response.content),
            seconds=response.elapsed.total_seconds(),
        )

    def _connection(self) -> "_Connection":
        if not hasattr(self._local, "connection"):
            self._local.connection = _Connection(self._base_url, self._credentials)
        kept: _Connection = self._local.connection
        return kept


_PATHS: Final = {"POST": SEND_PATH, "GET": STATUS_PATH}


class _Connection:
    """One thread's session. What is the same for all requests is worked out once.

    `requests` looks proxies and certificates up in the environment for each request anew, which
    takes half of the time that a status request takes.
    """

    def __init__(self, base_url: str, credentials: Credentials) -> None:
        self._session = requests.Session()
        self._session.headers.update(_HEADERS)
        self._session.auth = credentials  # set, so that no .netrc is looked into
        self._environment = self._session.merge_environment_settings(
            base_url, {}, stream=False, verify=None, cert=None
        )
        self._begun = {
            method: self._session.prepare_request(requests.Request(method, base_url + path))
            for method, path in _PATHS.items()
        }

    def send(self, method: str, end: str, body: bytes | None, timeout: float) -> requests.Response:
        request = self._begun[method].copy()
        request.url = f"{request.url}{end}"
        if body is not None:
            request.prepare_body(body, None)
        return self._session.send(
            request,
            timeout=timeout,
            allow_redirects=False,  # credentials go to the configured host or nowhere
            **self._environment,
        )

    def close(self) -> None:
        self._session.close()


def _unanswered(method: str, end: str, written: bytes | None, error: GatewayError) -> Exchange:
    return Exchange(
        method=method,
        path=_PATHS[method],
        message_id=unquote(end),
        request=written or b"",
        failure=f"{error.kind.name.lower()} ({error.detail})",
    )


def _or_raise(outcome: bytes | GatewayError) -> bytes:
    if isinstance(outcome, GatewayError):
        raise outcome
    return outcome


_NEVER_CONNECTED: Final = (
    urllib3_errors.NewConnectionError,  # refused, no route, no such name
    urllib3_errors.ConnectTimeoutError,
)
# The one thing that OpenSSL says before the first byte of a request only; its other words may come
# in the middle of an answer as well.
_NOT_TRUSTED: Final = "CERTIFICATE_VERIFY_FAILED"


def _network_error(error: Exception) -> GatewayError:
    """Sort a failure of the network by whether the request can have reached SMSBAT.

    Only what certainly happened before the first byte left counts as not taken.
    """
    reason = getattr(error.args[0], "reason", error.args[0]) if error.args else error
    reason = getattr(reason, "original_error", reason)  # a proxy's
    name = type(reason if isinstance(reason, Exception) else error).__name__
    if isinstance(reason, _NEVER_CONNECTED) or "Tunnel connection failed" in str(reason):
        return GatewayError(ErrorKind.UNREACHABLE, name)
    if isinstance(error, requests.exceptions.SSLError) and _NOT_TRUSTED in str(error):
        return GatewayError(ErrorKind.UNREACHABLE, "its TLS certificate is not trusted")
    if isinstance(error, _BAD_ADDRESS):
        return GatewayError(ErrorKind.MISDIRECTED, name)
    if isinstance(error, requests.exceptions.Timeout):
        return GatewayError(ErrorKind.TIMED_OUT, name)
    return GatewayError(ErrorKind.CONNECTION_LOST, name)


_BAD_ADDRESS: Final = (
    requests.exceptions.InvalidURL,
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidHeader,
    urllib3_errors.LocationValueError,
    UnicodeError,
)


def _seconds(retry_after: str, date: str | None) -> float | None:
    """`Retry-After` in seconds, from either of HTTP's two forms; None for anything else.

    A moment is read against the answer's own `Date`, so that no clock of ours comes into it.
    """
    if re.fullmatch(r"[0-9]{1,9}", retry_after):
        return float(retry_after)
    try:
        moment, now = parsedate_to_datetime(retry_after), parsedate_to_datetime(date or "")
        return max(0.0, (moment - now).total_seconds())
    except (ValueError, TypeError):  # TypeError: only one of the two says its zone
        return None
