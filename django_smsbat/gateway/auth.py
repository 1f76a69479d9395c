"""SMSBAT's three authentication methods."""

import base64
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from requests import PreparedRequest
from requests.auth import AuthBase, HTTPBasicAuth


class AuthMethod(StrEnum):
    """`HEADER`: the key in a header. `BASIC_KEY`: the key as password. `BASIC`: login, password."""

    HEADER = "header"
    BASIC_KEY = "basic_key"
    BASIC = "basic"


KEY_HEADER: Final = "X-Authorization-Key"
KEY_LOGIN: Final = "@"  # the login that SMSBAT expects if the password is the API key

_HEADER_VALUE: Final = re.compile(r"[!-~]+")


def basic_pair(header: str) -> bytes:
    """Return ``login:password`` from an `Authorization` header; empty if it has none."""
    scheme, _, encoded = header.partition(" ")
    try:
        return base64.b64decode(encoded, validate=True) if scheme.lower() == "basic" else b""
    except ValueError:  # not Base64, or not ASCII
        return b""


@dataclass(frozen=True)
class Credentials(AuthBase):
    """The credentials of one account. The repr shows none of them.

    Raises:
        ValueError: naming the values that the method lacks.
    """

    method: AuthMethod
    api_key: str = field(default="", repr=False)
    login: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        key, pair = {"API_KEY": self.api_key}, {"LOGIN": self.login, "PASSWORD": self.password}
        needs = pair if self.method is AuthMethod.BASIC else key
        missing = [name for name, value in needs.items() if not value]
        if missing:
            raise ValueError(f"AUTH {self.method.value!r} needs {' and '.join(missing)}")
        if self.method is AuthMethod.HEADER and not _HEADER_VALUE.fullmatch(self.api_key):
            raise ValueError("API_KEY holds a character that cannot stand in a header")

    @classmethod
    def by_what_is_given(cls, *, api_key: str, login: str, password: str) -> "Credentials":
        """Use the key in the header if there is a key, else login and password."""
        method = AuthMethod.BASIC if not api_key and (login or password) else AuthMethod.HEADER
        return cls(method, api_key=api_key, login=login, password=password)

    def conceal(self, body: bytes) -> bytes:
        """Remove this site's secrets from a response, because its text may be logged."""
        for secret in (self.api_key, self.password):
            body = body.replace(secret.encode(), b"...") if secret else body
        return body

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        if self.method is AuthMethod.HEADER:
            request.headers[KEY_HEADER] = self.api_key
            return request
        if self.method is AuthMethod.BASIC_KEY:
            pair = (KEY_LOGIN.encode(), self.api_key.encode())
        else:
            pair = (self.login.encode(), self.password.encode())
        HTTPBasicAuth(*pair)(request)
        return request
