"""The gateway clients, configured by the settings: one per account and process."""

import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any, Final

from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed

from django_smsbat import conf
from django_smsbat.conf import DEFAULT_ACCOUNT, Account
from django_smsbat.gateway.auth import Credentials
from django_smsbat.gateway.client import Client
from django_smsbat.gateway.loopback import is_plain_to_other_host
from django_smsbat.gateway.pacing import RateLimit
from django_smsbat.services.process_state import ProcessState

WRONG_SECRET: Final = "django-smsbat-wrong-key"  # noqa: S105 - opens nothing


def credentials(account: Account) -> Credentials:
    """Return the account's credentials.

    Raises:
        ImproperlyConfigured: naming the missing key.
    """
    keys = {"api_key": account.api_key, "login": account.login, "password": account.password}
    try:
        if account.auth is None:
            return Credentials.by_what_is_given(**keys)
        return Credentials(account.auth, **keys)
    except ValueError as error:
        raise ImproperlyConfigured(account.called(f"SMSBAT: {error}")) from None


@dataclass
class _Clients:
    """The clients by account, with their connections and rate limits."""

    by_account: dict[str, Client] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


_clients: Final = ProcessState(_Clients)


def client(name: str = DEFAULT_ACCOUNT) -> Client:
    """Return the account's client, shared by all threads of the process.

    Raises:
        ImproperlyConfigured: if the account, its credentials or its `BASE_URL` is missing.
    """
    if _stand_ins:
        return _stand_ins[-1](name)
    clients = _clients.current
    with clients.lock:
        if name not in clients.by_account:
            clients.by_account[name] = _new_client(name)
        return clients.by_account[name]


def insist_on_any(names: Collection[str], given: Client | None = None) -> None:
    """Require that at least one account has a client, unless `given` replaces them.

    Raises:
        ImproperlyConfigured: if the settings are incomplete for all of these accounts.
    """
    wrong = []
    for name in () if given else names:
        try:
            client(name)
        except ImproperlyConfigured as error:
            wrong.append(str(error))
    if wrong and len(wrong) == len(names):
        raise ImproperlyConfigured("; ".join(wrong))


def with_wrong_credentials(name: str = DEFAULT_ACCOUNT) -> Client:
    """Return a new client for the account with an invalid key and password.

    Raises:
        ImproperlyConfigured: like `client`.
    """
    if _stand_ins:
        return client(name)
    own = credentials(conf.current().accounts[name])
    wrong = replace(own, api_key=WRONG_SECRET, password=WRONG_SECRET)
    return _new_client(name, wrong)


def _new_client(name: str, proof: Credentials | None = None) -> Client:
    settings = conf.current()
    account = settings.accounts.get(name)
    if account is None:
        raise ImproperlyConfigured(f"SMSBAT: there is no account {name!r}")
    if not account.base_url:
        error = "SMSBAT['BASE_URL']: give the address of your region's API"
        raise ImproperlyConfigured(account.called(error))
    if is_plain_to_other_host(account.base_url):
        error = "SMSBAT['BASE_URL'] is not https: nothing is sent to another machine by plain http"
        raise ImproperlyConfigured(account.called(error))
    return Client(
        account.base_url,
        proof or credentials(account),
        dialect=account.dialect,
        timeout=settings.timeout,
        send_pace=_pace(settings, account, account.send_rate, "send"),
        status_pace=_pace(settings, account, account.status_rate, "status"),
    )


def _pace(settings: conf.Settings, account: Account, rate: float, kind: str) -> RateLimit:
    """Return a rate limit for this account; its storage name contains no secret."""
    identity = "\0".join((account.base_url, account.api_key or account.login))
    digest = blake2b(identity.encode(), digest_size=8).hexdigest()
    return RateLimit(rate, storage=settings.rate_limit_storage, name=f"smsbat:{digest}:{kind}")


_stand_ins: list[Callable[[str], Client]] = []


@contextmanager
def replaced_by(make: Callable[[str], Client]) -> Iterator[None]:
    """Replace the clients, for tests. `make` takes the account name."""
    _stand_ins.append(make)
    try:
        yield
    finally:
        _stand_ins.remove(make)


def _forget(*, setting: str, **_: Any) -> None:
    if setting == "SMSBAT":
        clients = _clients.current
        with clients.lock:
            for stale in clients.by_account.values():
                stale.close()
            clients.by_account.clear()


setting_changed.connect(_forget, dispatch_uid="django_smsbat.services.accounts.clients")
