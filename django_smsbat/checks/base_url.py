"""Checks of `BASE_URL`: a valid URL, https, and in production not this machine."""

from collections.abc import Iterator
from typing import Final

from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning

from django_smsbat.conf import Settings
from django_smsbat.gateway.loopback import (
    is_loopback,
    is_plain_to_other_host,
    scheme_and_host,
)

_HINT: Final = "Your account manager names your region's, such as https://restapi.smsbat.com."


def base_url(settings: Settings) -> Iterator[CheckMessage]:
    for account in settings.accounts.values():
        if not account.base_url:
            message = account.called("SMSBAT['BASE_URL'] is not set.")
            yield Error(message, hint=_HINT, id="smsbat.E003")
            continue
        scheme, host = scheme_and_host(account.base_url)
        if scheme not in ("http", "https") or not host:
            message = account.called("SMSBAT['BASE_URL'] is no address.")
            yield Error(message, hint=_HINT, id="smsbat.E003")
        elif is_plain_to_other_host(account.base_url):
            message = account.called(
                "SMSBAT['BASE_URL'] is not https: credentials and texts would travel readable."
            )
            yield Error(message, hint=_HINT, id="smsbat.E004")


def sandbox_in_production(settings: Settings) -> Iterator[CheckMessage]:
    for account in settings.accounts.values():
        if not is_loopback(scheme_and_host(account.base_url)[1]):
            continue
        message = account.called(
            "SMSBAT['BASE_URL'] leads to this machine: no message will arrive."
        )
        yield CheckWarning(message, hint=_HINT, id="smsbat.W004")
