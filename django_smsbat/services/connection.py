"""The gateway's client as the settings describe it, one for the process."""

from functools import cache
from hashlib import blake2b
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed

from django_smsbat import conf
from django_smsbat.gateway.auth import Credentials
from django_smsbat.gateway.client import Client
from django_smsbat.gateway.pacing import Pace


def credentials(settings: conf.Settings) -> Credentials:
    """
    Raises:
        ImproperlyConfigured: saying which key is missing.
    """
    given = {
        "api_key": settings.api_key,
        "login": settings.login,
        "password": settings.password,
    }
    try:
        if settings.auth is None:
            return Credentials.by_what_is_given(**given)
        return Credentials(settings.auth, **given)
    except ValueError as error:
        raise ImproperlyConfigured(f"SMSBAT: {error}") from None


@cache
def client() -> Client:
    """The client, shared by all threads of the process.

    Raises:
        ImproperlyConfigured: without credentials or without `BASE_URL`.
    """
    settings = conf.current()
    if not settings.base_url:
        raise ImproperlyConfigured("SMSBAT['BASE_URL']: give the address of your region's API")
    return Client(
        settings.base_url,
        credentials(settings),
        dialect=settings.dialect,
        timeout=settings.timeout,
        send_pace=_pace(settings, settings.send_rate, "send"),
        status_pace=_pace(settings, settings.status_rate, "status"),
    )


def _pace(settings: conf.Settings, rate: float, kind: str) -> Pace:
    """Counted for each account apart, and without its secrets in the name."""
    account = "\0".join((settings.base_url, settings.api_key or settings.login))
    digest = blake2b(account.encode(), digest_size=8).hexdigest()
    return Pace(rate, storage=settings.rate_limit_storage, name=f"smsbat:{digest}:{kind}")


def _forget(*, setting: str, **_: Any) -> None:
    if setting == "SMSBAT" and client.cache_info().currsize:
        client().close()
        client.cache_clear()


setting_changed.connect(_forget, dispatch_uid="django_smsbat.services.connection")
