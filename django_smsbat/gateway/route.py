"""The settings that determine the route of requests: BASE_URL, a proxy, a CA bundle.

They are stored with a session so that a failure can name the setting that caused it.
"""

import os
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from requests.utils import DEFAULT_CA_BUNDLE_PATH, select_proxy

_SHOWN_MAX: Final = 200  # characters of a setting's value
_BUNDLE_NAMES: Final = (
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
)  # the first variable that is set wins


@dataclass(frozen=True)
class Setting:
    """An environment setting: its name and a value that may be shown."""

    name: str
    value: str

    def __str__(self) -> str:
        return f"{self.name} {self.value[:_SHOWN_MAX]}"


@dataclass(frozen=True)
class Route:
    """The route of requests.

    Attributes:
        proxy: None without one.
        ca_bundle: the file or folder of trusted certificates; None without TLS.
    """

    base_url: str
    proxy: Setting | None
    ca_bundle: Setting | None

    @classmethod
    def of(cls, base_url: str, environment: Mapping[str, Any]) -> "Route":
        """Return the route of a base URL.

        Args:
            environment: the settings that `requests` has read from the environment.
        """
        scheme = urlsplit(base_url).scheme
        proxy = select_proxy(base_url, environment["proxies"])
        is_secure = scheme == "https" and environment["verify"]
        return cls(
            base_url,
            _proxy(scheme, proxy) if proxy else None,
            _bundle(environment["verify"]) if is_secure else None,
        )

    def ca_bundle_problem(self) -> str:
        """Return the problem with the trusted certificates, empty if there is none."""
        return _problem(self.ca_bundle.value) if self.ca_bundle else ""

    @property
    def server(self) -> str:
        """The setting that names the server, as a culprit."""
        parts = urlsplit(self.base_url)
        return f"BASE_URL {parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _proxy(scheme: str, value: str) -> Setting:
    names = (f"{scheme}_proxy", f"{scheme}_proxy".upper(), "all_proxy", "ALL_PROXY")
    return Setting(_name_of(value, names, "the system's proxy"), _without_credentials(value))


def _bundle(verify: str | bool) -> Setting:
    path = str(DEFAULT_CA_BUNDLE_PATH if verify is True else verify)
    return Setting(_name_of(path, _BUNDLE_NAMES, "the CA bundle of certifi"), path)


def _name_of(value: str, names: Iterable[str], default: str) -> str:
    return next((name for name in names if os.environ.get(name) == value), default)


def _without_credentials(url: str) -> str:
    scheme, separator, rest = url.rpartition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}"


def _problem(path: str) -> str:
    if not Path(path).exists():
        return "does not exist"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if Path(path).is_dir():
            context.load_verify_locations(capath=path)
        else:
            context.load_verify_locations(cafile=path)
    except OSError:  # `ssl.SSLError` is one
        return "cannot be read as certificates"
    return ""
