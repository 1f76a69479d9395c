"""Checks of `BASE_URL`: an address, over TLS, and in production not this machine."""

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning

from django_smsbat.conf import Settings

_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
_HINT: Final = "Your account manager names your region's, such as https://restapi.smsbat.com."


def base_url(settings: Settings) -> Iterator[CheckMessage]:
    for account in settings.accounts.values():
        if not account.base_url:
            words = account.called("SMSBAT['BASE_URL'] is not set.")
            yield Error(words, hint=_HINT, id="smsbat.E003")
            continue
        scheme, host = _scheme_and_host(account.base_url)
        if scheme not in ("http", "https") or not host:
            words = account.called("SMSBAT['BASE_URL'] is no address.")
            yield Error(words, hint=_HINT, id="smsbat.E003")
        elif scheme == "http" and host not in _LOOPBACK:
            words = account.called(
                "SMSBAT['BASE_URL'] is not https: credentials and texts would travel readable."
            )
            yield Error(words, hint=_HINT, id="smsbat.E004")


def sandbox_in_production(settings: Settings) -> Iterator[CheckMessage]:
    for account in settings.accounts.values():
        if _scheme_and_host(account.base_url)[1] not in _LOOPBACK:
            continue
        words = account.called(
            "SMSBAT['BASE_URL'] leads to this machine: nobody will get anything."
        )
        yield CheckWarning(words, hint=_HINT, id="smsbat.W004")


def _scheme_and_host(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname or ""
    except ValueError:
        return "", ""
