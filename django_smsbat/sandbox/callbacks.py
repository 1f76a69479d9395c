"""The sandbox's callbacks to the site under test: delivery statuses and incoming messages.

Like SMSBAT, it retries unless the site responds with 200, and it signs nothing.
"""

import asyncio
import base64
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import unquote, urlsplit, urlunsplit
from uuid import uuid4

import aiohttp

logger = logging.getLogger("django_smsbat.sandbox")

_AT_ONCE: Final = 4
_TRIES: Final = 4
_FIRST_PAUSE: Final = 1.0  # seconds, doubled with each try


@dataclass(frozen=True)
class Target:
    """The URL of the site's webhooks, without the secret, which is in the headers."""

    url: str
    headers: Mapping[str, str] = field(repr=False)

    @classmethod
    def parse(cls, url: str) -> "Target":
        """Parse ``http://any:SECRET@host/smsbat/``: the prefix of `inbound/` and `status/`."""
        parts = urlsplit(url if url.endswith("/") else f"{url}/")
        headers = {}
        if parts.password is not None:
            pair = f"{unquote(parts.username or '')}:{unquote(parts.password)}".encode()
            headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        host = parts.netloc.rpartition("@")[2]
        return cls(urlunsplit((parts.scheme, host, parts.path, "", "")), headers)


class Caller:
    """Posts to the target in the background, a few at a time, in the order of arrival."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._waiting: asyncio.Queue[tuple[str, Mapping[str, Any]]] = asyncio.Queue()
        self._workers: list[asyncio.Task[None]] = []
        self._in_hand = 0
        self.failed = 0

    @property
    def waiting(self) -> int:
        """The number of callbacks that the site has not accepted yet."""
        return self._waiting.qsize() + self._in_hand

    async def start(self) -> None:
        self._session = aiohttp.ClientSession(headers=self._target.headers)
        self._workers = [asyncio.create_task(self._work()) for _ in range(_AT_ONCE)]

    async def stop(self) -> None:
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        await self._session.close()

    def status_body(self, report: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the callback body of a delivery status, from the response to a status request."""
        body = {name: report[name] for name in ("messageId", "deliverystatus", "cost")}
        return body | {"timestamp": _now()}

    def post_later(self, path: str, body: Mapping[str, Any]) -> None:
        """Queue the body behind earlier ones."""
        self._waiting.put_nowait((path, body))

    async def post_now(self, path: str, bodies: Sequence[Mapping[str, Any]]) -> None:
        """Post these bodies; return when all were accepted or given up."""
        room = asyncio.Semaphore(_AT_ONCE)

        async def post(body: Mapping[str, Any]) -> None:
            async with room:
                await self._persist(path, body)

        await asyncio.gather(*(post(body) for body in bodies))

    async def inbound(self, phone: str, alpha_name: str, text: str) -> bool:
        """Report a reply to the site; return whether the site has accepted it."""
        body = {
            "idUuid": str(uuid4()),
            "alphaName": alpha_name,
            "phoneNumber": phone.lstrip("+"),  # SMSBAT's callbacks omit the plus
            "text": text,
            "dt": _now(),
        }
        return await self._post("inbound/", body)

    async def _work(self) -> None:
        while True:
            path, body = await self._waiting.get()
            self._in_hand += 1
            try:
                await self._persist(path, body)
            finally:
                self._in_hand -= 1

    async def _persist(self, path: str, body: Mapping[str, Any]) -> None:
        for attempt in range(_TRIES):
            if await self._post(path, body):
                return
            await asyncio.sleep(_FIRST_PAUSE * 2**attempt)
        self.failed += 1

    async def _post(self, path: str, body: Mapping[str, Any]) -> bool:
        try:
            async with self._session.post(self._target.url + path, json=body) as answer:
                outcome = f"was answered {answer.status}"
                if answer.status == 200:
                    return True
        except (aiohttp.ClientError, TimeoutError) as error:
            outcome = f"failed: {type(error).__name__}"
        logger.warning("a callback to %s%s %s", self._target.url, path, outcome)
        return False


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
