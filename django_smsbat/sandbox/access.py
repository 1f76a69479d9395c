"""Authentication and rate limits of the sandbox: SMSBAT's three methods, and its limits."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from secrets import compare_digest

from django_smsbat.gateway.auth import KEY_HEADER, KEY_LOGIN, basic_pair


@dataclass(frozen=True)
class Account:
    """The single account of the sandbox."""

    api_key: str = "sandbox-key"
    login: str = "sandbox"
    password: str = "sandbox-password"  # noqa: S105 - opens nothing but this program

    def admits(self, headers: Mapping[str, str]) -> bool:
        if key := headers.get(KEY_HEADER):
            return compare_digest(_bytes(key), _bytes(self.api_key))
        pair = basic_pair(headers.get("Authorization", ""))
        right = (f"{KEY_LOGIN}:{self.api_key}", f"{self.login}:{self.password}")
        return any(compare_digest(pair, _bytes(known)) for known in right)


def _bytes(header: str) -> bytes:
    return header.encode(errors="surrogateescape")


@dataclass
class TokenBucket:
    """Allows `rate` requests a second, and a burst half as large again. A rate of 0 is no limit."""

    rate: float
    clock: Callable[[], float]
    burst: float = 1.5
    _tokens: float = field(init=False)
    _at: float = field(init=False)

    def __post_init__(self) -> None:
        self._tokens = self.rate * self.burst
        self._at = self.clock()

    def take(self) -> bool:
        if not self.rate:
            return True
        now = self.clock()
        self._tokens = min(self.rate * self.burst, self._tokens + (now - self._at) * self.rate)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
