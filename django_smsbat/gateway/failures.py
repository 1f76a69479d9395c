"""Classify a failed attempt: what it means for its messages, and the setting that caused it.

Only the phase of the attempt determines whether SMSBAT can have accepted the messages. The
exception only explains the failure: an unknown one changes the explanation, not the outcome.
"""

import re
import ssl
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Final

import requests
from urllib3 import exceptions as urllib3_errors

from django_smsbat.gateway.attempt import ANSWER_MAX, AnswerTooLarge, Attempt, Phase
from django_smsbat.gateway.errors import ErrorKind, GatewayError
from django_smsbat.gateway.loopback import PlainHTTPRefused
from django_smsbat.gateway.route import Route

TOO_LARGE: Final = f"more than {ANSWER_MAX // 2**20} MiB"
_WRAPPERS: Final = (
    urllib3_errors.MaxRetryError,
    urllib3_errors.ProxyError,
    urllib3_errors.ProtocolError,
    urllib3_errors.SSLError,
    requests.RequestException,
)
_BAD_ADDRESS: Final = (
    requests.exceptions.InvalidURL,
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidHeader,
    urllib3_errors.LocationValueError,
    UnicodeError,
)
# OpenSSL raises these if the peer or the network aborts a handshake.
_BROKEN_OFF: Final = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
_BAD_CERTIFICATE: Final = (ssl.SSLCertVerificationError, ssl.CertificateError)
_CONNECT_REFUSED: Final = re.compile(r"Tunnel connection failed: ([0-9]{3})\b")
_PASSING: Final = range(500, 600)  # from a proxy that temporarily cannot reach SMSBAT
_NO_PROXY_AT_ALL: Final = "501"


def classify(error: Exception, attempt: Attempt, route: Route | None) -> GatewayError:
    """Return the error for a failed attempt.

    Args:
        route: None if the attempt failed before the route was known.
    """
    if attempt.has_begun:
        return _may_have_left(error)
    if route is None:
        return _unprepared(error)
    return _BEFORE_THE_FIRST_BYTE[attempt.phase](error, route)


def _may_have_left(error: Exception) -> GatewayError:
    causes = list(_causes(error))
    if any(isinstance(cause, AnswerTooLarge) for cause in causes):
        return GatewayError(ErrorKind.UNREADABLE, TOO_LARGE)
    timed_out = any(_is_timeout(cause) for cause in causes)
    kind = ErrorKind.TIMED_OUT if timed_out else ErrorKind.CONNECTION_LOST
    return GatewayError(kind, _name(error))


def _unprepared(error: Exception) -> GatewayError:
    if isinstance(error, _BAD_ADDRESS):
        return GatewayError(ErrorKind.MISDIRECTED, _name(error))
    kind = ErrorKind.UNREACHABLE if _is_timeout(error) else ErrorKind.NOT_STARTED
    return GatewayError(kind, _name(error))


def _preparing(error: Exception, route: Route) -> GatewayError:
    return _ca_bundle_failure(route) or _unprepared(error)


def _choosing_proxy(error: Exception, route: Route) -> GatewayError:
    needs_package = "socks" in str(route.proxy) and not find_spec("socks")
    detail = "install PySocks to use a SOCKS proxy" if needs_package else _name(error)
    return GatewayError(ErrorKind.PROXY_FAILED, detail, culprit=_proxy(route))


def _connecting(error: Exception, route: Route) -> GatewayError:
    if isinstance(error, PlainHTTPRefused):
        culprit = _proxy(route) or route.server
        return GatewayError(ErrorKind.TLS_FAILED, "plain http to another machine", culprit=culprit)
    if isinstance(error, _BAD_ADDRESS):
        return GatewayError(ErrorKind.MISDIRECTED, _name(error))
    return GatewayError(ErrorKind.UNREACHABLE, _name(error), culprit=_proxy(route))


def _tunnelling(error: Exception, route: Route) -> GatewayError:
    """Classify by the proxy's response: failing to reach SMSBAT is temporary, refusing is not."""
    refusal = next(filter(None, (_CONNECT_REFUSED.search(str(c)) for c in _causes(error))), None)
    if refusal is None:
        is_passing = _is_broken_off(error)
        detail = _name(error)
    else:
        is_passing = int(refusal[1]) in _PASSING and refusal[1] != _NO_PROXY_AT_ALL
        detail = f"it answers {refusal[1]}"
    kind = ErrorKind.UNREACHABLE if is_passing else ErrorKind.PROXY_FAILED
    return GatewayError(kind, detail, culprit=_proxy(route))


def _securing(error: Exception, route: Route) -> GatewayError:
    """An aborted handshake counts like a refused connection."""
    if bundle_failure := _ca_bundle_failure(route):
        return bundle_failure
    if _is_broken_off(error):
        detail = f"{_name(error)} {Phase.SECURING.value}"
        return GatewayError(ErrorKind.UNREACHABLE, detail, culprit=_proxy(route))
    return GatewayError(ErrorKind.TLS_FAILED, _tls_detail(error), culprit=route.server)


def _ca_bundle_failure(route: Route) -> GatewayError | None:
    problem = route.ca_bundle_problem()
    if not problem:
        return None
    return GatewayError(ErrorKind.CA_BUNDLE, problem, culprit=str(route.ca_bundle))


_BEFORE_THE_FIRST_BYTE: Final[dict[Phase, Callable[[Exception, Route], GatewayError]]] = {
    Phase.PREPARING: _preparing,
    Phase.CHOOSING_PROXY: _choosing_proxy,
    Phase.CONNECTING: _connecting,
    Phase.TUNNELLING: _tunnelling,
    Phase.SECURING: _securing,
}


def _proxy(route: Route) -> str:
    return str(route.proxy) if route.proxy else ""


def _tls_detail(error: Exception) -> str:
    """Return OpenSSL's reason, such as ``WRONG_VERSION_NUMBER``."""
    causes = list(_causes(error))
    if any(isinstance(cause, _BAD_CERTIFICATE) for cause in causes):
        return "its TLS certificate is not trusted"
    reasons = (getattr(cause, "reason", "") for cause in causes if isinstance(cause, ssl.SSLError))
    return next(filter(None, reasons), _name(error))


def _is_broken_off(error: Exception) -> bool:
    """Whether the connection ended or timed out without an error from the peer."""
    last = list(_causes(error))[-1]
    is_refusal = isinstance(last, ssl.SSLError) and not isinstance(last, _BROKEN_OFF)
    return _is_timeout(last) or (isinstance(last, OSError) and not is_refusal)


def _is_timeout(error: BaseException) -> bool:
    return isinstance(error, (TimeoutError, urllib3_errors.TimeoutError))


def _name(error: Exception) -> str:
    """Return the class name of the wrapped exception, which is more specific than its wrappers."""
    inner = (cause for cause in _causes(error) if not isinstance(cause, _WRAPPERS))
    return type(next(inner, error)).__name__


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and the errors it wraps, outermost first."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = _wrapped(current)


def _wrapped(error: BaseException) -> BaseException | None:
    inner = (
        getattr(error, "reason", None),  # of urllib3's MaxRetryError
        getattr(error, "original_error", None),  # of its ProxyError
        *error.args,
        error.__cause__,
    )
    return next((one for one in inner if isinstance(one, BaseException)), None)
