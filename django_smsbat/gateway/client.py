"""The only module that sends requests to SMSBAT.

One call is one request: it waits for the rate limit, and is neither repeated nor delayed after a
refusal. Failures raise `GatewayError`, and its kind states what happened to the messages. Any other
exception, such as one from `before_leaving`, means that nothing was sent.
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
    """SMSBAT's API for one account. Threads may share a client: each has its own session.

    Args:
        base_url: of the account's region, such as ``https://restapi.smsbat.com``.
        timeout: seconds, for connecting in total and again for each wait for the response. The
            whole exchange ends after twice that time.
        send_pace: rate limit of send requests.
        status_pace: rate limit of status requests.
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
        """Send messages to SMSBAT in one request.

        Args:
            before_leaving: called after the wait for the rate limit, before the first byte; an
                exception from it stops the request.

        Raises:
            GatewayError: if there is no readable response; its kind states what happened to the
                messages.
            Exception: from `before_leaving`; then nothing was sent.
            ValueError: for no messages, or more than one request may contain.
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
        """Request the status of one message.

        Raises:
            GatewayError: if there is no readable response; ``NOT_FOUND`` for an unknown id.
        """
        self._wait_for_turn(STATUS_PATH)
        end = quote(message_id, safe="")
        return _or_raise(_parsed(self._exchange("GET", end, lambda: None), answers.parse_status))

    def post(self, body: bytes) -> None:
        """Post a body to the send path unchanged. Only an observer receives the response.

        For checking how SMSBAT refuses a request. The body must not contain a message that could be
        sent: use `send` for those.

        Raises:
            GatewayError: if there is no response, or a refusal.
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
        """Close the rate limiters' connections and this thread's session."""
        for turnstile in self._turnstiles.values():
            turnstile.close()
        if transport := getattr(self._local, "connection", None):
            transport.close()

    @property
    def has_left(self) -> bool:
        """Whether the first byte of this thread's last `send` may have been sent."""
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
        """Perform one request: the only code in the package that sends anything.

        An error is returned, not raised: error pages show the variables of the frames that an
        exception passed through, and these contain the texts and the credentials.
        """
        self._local.attempt = attempt = Attempt(self._timeout)
        try:
            content = body()
        except ValueError:  # an unpaired surrogate, which UTF-8 cannot encode
            return GatewayError(ErrorKind.INVALID, "a text cannot be encoded")
        except Exception as error:
            return failures.classify(error, attempt, None)
        try:
            answer = self._connection().exchange(method, end, content, attempt)
        except Exception as error:  # all of them: the attempt knows whether anything was sent
            failed = failures.classify(error, attempt, self._route())
            if self._on_exchange is not None:
                self._on_exchange(_unanswered(method, end, content, failed))
            return failed
        if self._on_exchange is not None:
            self._on_exchange(self._answered(method, end, content, answer))
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

    def _answered(self, method: str, end: str, content: bytes | None, answer: Answer) -> Exchange:
        return Exchange(
            method=method,
            path=PATHS[method],
            message_id=unquote(end),
            request=content or b"",
            status=answer.status,
            headers=visible_headers(answer.headers),
            body=self._credentials.conceal(answer.body),
            seconds=answer.seconds,
        )

    def _connection(self) -> Transport:
        if not hasattr(self._local, "connection"):
            self._local.connection = Transport(self._base_url, self._credentials)
        transport: Transport = self._local.connection
        return transport

    def _route(self) -> Route | None:
        """Return the route of this thread's session; None if the session could not be created."""
        transport: Transport | None = getattr(self._local, "connection", None)
        return transport.route if transport else None


def _unanswered(method: str, end: str, content: bytes | None, error: GatewayError) -> Exchange:
    return Exchange(
        method=method,
        path=PATHS[method],
        message_id=unquote(end),
        request=content or b"",
        failure=f"{error.kind.name.lower()} ({error.detail})",
    )


_Read = TypeVar("_Read")


def _parsed(answer: bytes | GatewayError, parse: Callable[[bytes], _Read]) -> _Read | GatewayError:
    """Parse the response. An error is returned, as `_exchange` returns it."""
    if isinstance(answer, GatewayError):
        return answer
    try:
        return parse(answer)
    except GatewayError as error:
        return error.with_traceback(None)
    except Exception as error:  # the messages were sent, even if their response is faulty
        return GatewayError(ErrorKind.UNREADABLE, type(error).__name__)


def _or_raise(outcome: _Read | GatewayError) -> _Read:
    if isinstance(outcome, GatewayError):
        raise outcome
    return outcome


def _seconds(retry_after: str, date: str | None) -> float | None:
    """Convert `Retry-After` to seconds, from either of HTTP's two forms; None for anything else.

    A date is compared with the response's own `Date` header, so that no local clock matters.
    """
    if re.fullmatch(r"[0-9]{1,9}", retry_after):
        return float(retry_after)
    try:
        when, now = parsedate_to_datetime(retry_after), parsedate_to_datetime(date or "")
        return max(0.0, (when - now).total_seconds())
    except (ValueError, TypeError):  # TypeError: only one of the two has a time zone
        return None
