"""The one place where a request leaves for SMSBAT.

One call is one request: it is paced, but neither repeated nor delayed after a refusal. Everything
that can go wrong comes out as `GatewayError`, whose kind says what became of the messages. Any
other exception, such as one of `before_leaving`, says that nothing left.
"""

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import TypeVar
from urllib.parse import quote, unquote, urlsplit

from django_smsbat.gateway import answers, failures
from django_smsbat.gateway.answers import SendAnswer, StatusReport
from django_smsbat.gateway.attempt import Attempt
from django_smsbat.gateway.auth import Credentials
from django_smsbat.gateway.dialects import Dialect, Outgoing, encode_request
from django_smsbat.gateway.errors import ErrorKind, GatewayError
from django_smsbat.gateway.exchange import Exchange, visible_headers
from django_smsbat.gateway.message_types import BATCH_MAX
from django_smsbat.gateway.pacing import PaceUnavailable, RateLimit, RateLimiter
from django_smsbat.gateway.route import Route
from django_smsbat.gateway.transport import PATHS, SEND_PATH, STATUS_PATH, Answer, Transport

__all__ = ["SEND_PATH", "STATUS_PATH", "Client"]


class Client:
    """SMSBAT's API for one account. Safe to share between threads: each has its own session.

    Args:
        base_url: of the account's region, such as ``https://restapi.smsbat.com``.
        timeout: seconds, for connecting in all and again for each wait for the answer. The whole
            exchange is over after twice as many.
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
        send_pace: RateLimit = RateLimit(100),  # noqa: B008 - frozen
        status_pace: RateLimit = RateLimit(50),  # noqa: B008 - frozen
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._credentials = credentials
        self._dialect = dialect
        self._timeout = timeout
        self._turnstiles = {
            SEND_PATH: RateLimiter(send_pace),
            STATUS_PATH: RateLimiter(status_pace),
        }
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
            Exception: what `before_leaving` raises; then nothing left.
            ValueError: for no messages, or more than a request may hold.
        """
        self._local.attempt = None
        if not 0 < len(messages) <= BATCH_MAX:
            raise ValueError(f"a request holds 1 to {BATCH_MAX:,} messages, not {len(messages):,}")
        self._wait_for_turn(SEND_PATH)
        if before_leaving:
            before_leaving()
        return _or_raise(
            _parsed(
                self._exchange("POST", "", lambda: encode_request(messages, self._dialect)),
                lambda body: answers.parse_send(body, messages),
            )
        )

    def status(self, message_id: str) -> StatusReport:
        """Ask what became of one message.

        Raises:
            GatewayError: where no readable answer came; ``NOT_FOUND`` for an unknown id.
        """
        self._wait_for_turn(STATUS_PATH)
        end = quote(message_id, safe="")
        return _or_raise(_parsed(self._exchange("GET", end, lambda: None), answers.parse_status))

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
        if transport := getattr(self._local, "connection", None):
            transport.close()

    @property
    def has_left(self) -> bool:
        """Whether the first byte of this thread's last `send` may have left."""
        attempt: Attempt | None = getattr(self._local, "attempt", None)
        return attempt is not None and attempt.has_begun

    def _wait_for_turn(self, path: str) -> None:
        try:
            self._turnstiles[path].wait()
        except PaceUnavailable as error:
            raise GatewayError(ErrorKind.RATE_LIMITER_DOWN, str(error)) from None

    def _exchange(
        self, method: str, end: str, body: Callable[[], bytes | None]
    ) -> bytes | GatewayError:
        """One request, one answer: the only place of the package that sends anything.

        An error is returned, not raised: error pages show the variables of the frames that an
        exception passed through, and these hold the texts and the credentials.
        """
        self._local.attempt = attempt = Attempt(self._timeout)
        try:
            written = body()
        except ValueError:  # half a surrogate pair, which UTF-8 cannot write
            return GatewayError(ErrorKind.INVALID, "a text cannot be encoded")
        except Exception as error:
            return failures.classify(error, attempt, None)
        try:
            answer = self._connection().exchange(method, end, written, attempt)
        except Exception as error:  # every one: the attempt knows whether anything left
            failed = failures.classify(error, attempt, self._route())
            if self._on_exchange is not None:
                self._on_exchange(_unanswered(method, end, written, failed))
            return failed
        if self._on_exchange is not None:
            self._on_exchange(self._answered(method, end, written, answer))
        return self._outcome(answer)

    def _outcome(self, answer: Answer) -> bytes | GatewayError:
        if answer.is_success and answer.is_cut:
            return GatewayError(ErrorKind.UNREADABLE, failures.TOO_LARGE)
        if answer.is_success:
            return answer.body
        headers = answer.headers
        retry_after = _seconds(headers.get("Retry-After", ""), headers.get("Date"))
        error = answers.parse_error(
            answer.status, self._credentials.conceal(answer.body), retry_after
        )
        route = self._route()
        if error.kind is ErrorKind.PROXY_FAILED and route and route.proxy:
            error = GatewayError(error.kind, status=answer.status, culprit=str(route.proxy))
        return error

    def _answered(self, method: str, end: str, written: bytes | None, answer: Answer) -> Exchange:
        return Exchange(
            method=method,
            path=PATHS[method],
            message_id=unquote(end),
            request=written or b"",
            status=answer.status,
            headers=visible_headers(answer.headers),
            body=self._credentials.conceal(answer.body),
            seconds=answer.seconds,
        )

    def _connection(self) -> Transport:
        if not hasattr(self._local, "connection"):
            self._local.connection = Transport(self._base_url, self._credentials)
        kept: Transport = self._local.connection
        return kept

    def _route(self) -> Route | None:
        """Of this thread's session; None if it could not be made."""
        transport: Transport | None = getattr(self._local, "connection", None)
        return transport.route if transport else None


def _unanswered(method: str, end: str, written: bytes | None, error: GatewayError) -> Exchange:
    return Exchange(
        method=method,
        path=PATHS[method],
        message_id=unquote(end),
        request=written or b"",
        failure=f"{error.kind.name.lower()} ({error.detail})",
    )


_Read = TypeVar("_Read")


def _parsed(answer: bytes | GatewayError, parse: Callable[[bytes], _Read]) -> _Read | GatewayError:
    """The answer as an object. An error is returned, as `_exchange` returns it."""
    if isinstance(answer, GatewayError):
        return answer
    try:
        return parse(answer)
    except GatewayError as error:
        return error.with_traceback(None)
    except Exception as error:  # the messages left: whatever is wrong with their answer
        return GatewayError(ErrorKind.UNREADABLE, type(error).__name__)


def _or_raise(outcome: _Read | GatewayError) -> _Read:
    if isinstance(outcome, GatewayError):
        raise outcome
    return outcome


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
