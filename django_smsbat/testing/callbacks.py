"""SMSBAT's callbacks to the site under test, with the secret from the settings."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import uuid4

from django.test import Client
from django.test.utils import override_settings
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from django_smsbat import conf
from django_smsbat.gateway.auth import KEY_HEADER

_OK: Final = 200
_TEST_HOST: Final = "testserver"
_REDIRECTS_MAX: Final = 5
_READABLE: Final = ("application/json", "application/problem+json", "text/plain")
_CONTENT_MAX: Final = 300


def post(name: str, body: Mapping[str, Any], account: str) -> None:
    """Post to ``smsbat:inbound`` or ``smsbat:status`` through the project's own URLs.

    Raises:
        AssertionError: if the site does not respond with 200: SMSBAT would retry indefinitely.
    """
    try:
        url = reverse(f"smsbat:{name}")
    except NoReverseMatch:
        message = 'the project includes no django_smsbat.urls: path("smsbat/", include(...))'
        raise AssertionError(message) from None
    own = conf.current().accounts.get(account)
    if own is None or not own.webhook_secrets:
        raise AssertionError(f"the account {account!r} has no WEBHOOK_SECRETS to come with")
    answer = _deliver(url, body, own.webhook_secrets[0])
    if answer.status_code != _OK:
        raise AssertionError(_failure(url, answer))


def _deliver(url: str, body: Mapping[str, Any], secret: str) -> Any:
    """Return the response of the host that the site redirects to, such as the one with ``www.``."""
    host = _host()
    # Django's test runner allows its own host; a shell does not.
    with override_settings(ALLOWED_HOSTS=["*"]):
        for _ in range(_REDIRECTS_MAX):
            answer = Client().post(
                url,
                json.dumps(body),
                content_type="application/json",
                headers={KEY_HEADER: secret, "Host": host},
                secure=True,
                **_proxy_headers(),
            )
            location = urlsplit(answer.headers.get("Location", ""))
            if not location.netloc or location.path != url:
                break
            host = location.netloc
    return answer


def _proxy_headers() -> dict[str, Any]:
    """Return the header by which a proxy reports that the request used HTTPS."""
    header = conf.proxy_ssl_header()
    return {header[0]: header[1]} if header else {}


def _host() -> str:
    """Return the first host that the project allows, else that of Django's test client."""
    named = [host.lstrip(".") for host in conf.allowed_hosts() if host != "*"]
    return _TEST_HOST if _TEST_HOST in named or not named else named[0]


def _failure(url: str, answer: Any) -> str:
    """Describe the response in one sentence, even if it is an HTML page."""
    phrase = HTTPStatus(answer.status_code).phrase
    sentence = f"the site answered {answer.status_code} ({phrase}) to a callback to {url}"
    if location := answer.headers.get("Location"):
        return f"{sentence}, a redirect to {location}"
    kind = answer.headers.get("Content-Type", "").partition(";")[0]
    content = " ".join(answer.content.decode(errors="replace").split())
    is_page = kind not in _READABLE or not content
    return sentence if is_page else f"{sentence}: {content[:_CONTENT_MAX]}"


def post_inbound(
    phone: str, text: str, alpha_name: str, account: str, more: Mapping[str, Any]
) -> None:
    """Post an incoming message in SMSBAT's format: the phone has no plus."""
    own = conf.current().accounts.get(account)
    body = {
        "idUuid": str(uuid4()),
        "alphaName": alpha_name or (own.sender if own else ""),
        "phoneNumber": phone.lstrip("+"),
        "text": text,
        "dt": timezone.now().isoformat(),
        **more,
    }
    post("inbound", body, account)
