"""The sandbox's HTTP server: SMSBAT's two endpoints, and the page that shows the phones."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from time import monotonic
from typing import Any, Final

from aiohttp import web
from aiohttp.typedefs import Handler

from django_smsbat.gateway.answers import parse_json
from django_smsbat.gateway.client import SEND_PATH, STATUS_PATH
from django_smsbat.gateway.message_types import BATCH_MAX
from django_smsbat.sandbox import phones_view
from django_smsbat.sandbox.access import Account, TokenBucket
from django_smsbat.sandbox.announcing import Announcer
from django_smsbat.sandbox.callbacks import Caller, Target
from django_smsbat.sandbox.faults import BODIES, SEND, STATUS, Fault, Faults
from django_smsbat.sandbox.hosts import HostRule
from django_smsbat.sandbox.journal import Journal
from django_smsbat.sandbox.ledger import Ledger
from django_smsbat.sandbox.validation import Refusal, coded, messages_of

_STATIC: Final = Path(__file__).parent / "static"
_MESSAGE_BYTES_MAX: Final = 16_384
_PAGE_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'self'",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True)
class Options:
    """The behaviour of the sandbox.

    Attributes:
        latency: seconds before each response.
        speed: how many times faster than on a phone network statuses change.
        send_rate, status_rate: requests a second, with a burst half as large again; 0 for no limit.
        callback_url: prefix of the site's webhooks, with the secret as its password.
        status_callbacks: whether to call back delivery statuses too, or only replies.
        faults: faults in the syntax of `sandbox.faults`.
        journal: a file that stores accepted messages, even if the program is killed.
        hosts: further hosts allowed in a `Host` header, besides loopback.
    """

    account: Account = field(default_factory=Account)
    latency: float = 0.0
    speed: float = 1.0
    send_rate: float = 100.0
    status_rate: float = 50.0
    callback_url: str = ""
    status_callbacks: bool = True
    faults: tuple[str, ...] = ()
    journal: Path | None = None
    hosts: tuple[str, ...] = ()


def error_body(status: int, error: str, message: str) -> dict[str, Any]:
    return {"error": error, "message": message, "status": status}


class Sandbox:
    """One running sandbox: its ledger, its limits, its callbacks."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.ledger = Ledger(speed=options.speed)
        self._limits = {
            SEND: TokenBucket(options.send_rate, monotonic),
            STATUS: TokenBucket(options.status_rate, monotonic),
        }
        self._caller = Caller(Target.parse(options.callback_url)) if options.callback_url else None
        self._faults = Faults([Fault.parse(fault) for fault in options.faults])
        self._announcer = (
            Announcer(self.ledger, self._caller, self._faults)
            if self._caller and options.status_callbacks
            else None
        )
        self._journal = Journal(options.journal) if options.journal else None
        for message_id, list_id, message in self._journal.read() if self._journal else ():
            self.ledger.enter(message_id, list_id, message, monotonic())

    def app(self) -> web.Application:
        hosts = HostRule.of(self.options.hosts)
        app = web.Application(
            client_max_size=BATCH_MAX * _MESSAGE_BYTES_MAX,
            middlewares=[hosts.middleware, self._count_abandoned],
        )
        app.router.add_post(SEND_PATH, self._send)
        app.router.add_get(STATUS_PATH + "{message_id}", self._status)
        app.router.add_get("/", self._page)
        app.router.add_static("/static/", _STATIC)
        app.router.add_get("/phones", self._phones)
        app.router.add_post("/phones/{phone}/reply", self._reply)
        app.router.add_get("/statistics", self._statistics)
        app.router.add_get("/record", self._record)
        app.on_startup.append(self._start)
        app.on_cleanup.append(self._stop)
        return app

    async def _start(self, _app: web.Application) -> None:
        if self._caller:
            await self._caller.start()

    async def _stop(self, _app: web.Application) -> None:
        if self._caller:
            await self._caller.stop()

    @web.middleware
    async def _count_abandoned(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Count the requests of clients that disconnected before the response."""
        try:
            return await handler(request)
        finally:
            if request.transport is None:
                self.ledger.requests["abandoned"] += 1

    async def _send(self, request: web.Request) -> web.Response:
        """Accept messages. A complete request is accepted even if its client has disconnected."""
        number = self._count(SEND)
        await request.read()
        refusal = await self._admit(request, SEND)
        if refusal is not None:  # older aiohttp: an empty response is false
            return refusal
        if request.content_type != "application/json":
            body = error_body(415, "Unsupported Media Type", "Send application/json")
            return web.json_response(body, status=415)
        fault = self._faults.of(SEND, number)
        if fault and not fault.after:
            return self._failed(request, fault)
        try:
            messages = messages_of(parse_json(await request.read()))
        except ValueError:
            refused = coded(1001, "Invalid JSON")
            return web.json_response(refused.body, status=refused.status)
        except Refusal as refused:
            return web.json_response(refused.body, status=refused.status)
        entries = self.ledger.take(messages, monotonic())
        if self._journal:
            self._journal.add(entries)
        if self._announcer:
            await self._announcer.announce(entries)
        return await self._answer(request, self.ledger.answer(entries), fault)

    async def _status(self, request: web.Request) -> web.Response:
        number = self._count(STATUS)
        refusal = await self._admit(request, STATUS)
        if refusal is not None:  # older aiohttp: an empty response is false
            return refusal
        fault = self._faults.of(STATUS, number)
        if fault and not fault.after:
            return self._failed(request, fault)
        entry = self.ledger.entries.get(request.match_info["message_id"])
        if entry is None:
            return web.json_response(error_body(404, "Not Found", "Message not found"), status=404)
        return await self._answer(request, self.ledger.status(entry, monotonic()), fault)

    async def _answer(
        self, request: web.Request, answer: Mapping[str, Any], fault: Fault | None
    ) -> web.Response:
        """Return the response, changed by a fault that occurs after the work."""
        if fault is None:
            return web.json_response(answer)
        if fault.is_lost or fault.status:
            return self._failed(request, fault)
        await asyncio.sleep(fault.delay)
        if fault.kind not in BODIES:
            return web.json_response(answer)
        body, other = self._faults.spoil(fault.kind, json.dumps(answer).encode(), answer)
        if other is not None:
            return web.json_response(other)
        return web.Response(body=body, content_type="application/json")

    def _failed(self, request: web.Request, fault: Fault) -> web.Response:
        """Return an HTTP error, or abort the connection."""
        if fault.status is None:
            if request.transport:
                request.transport.abort()
            return web.Response()  # never received
        status = HTTPStatus(fault.status)
        body = error_body(status, status.phrase, "A fault that was asked for")
        return web.json_response(body, status=status, headers=fault.headers)

    def _count(self, kind: str) -> int:
        """Count this request and return its number, in the order of arrival."""
        self.ledger.requests[kind] += 1
        return self.ledger.requests[kind]

    async def _admit(self, request: web.Request, kind: str) -> web.Response | None:
        """Return the refusal of a request, None if it is admitted."""
        if self.options.latency:
            await asyncio.sleep(self.options.latency)
        if not self.options.account.admits(request.headers):
            body = error_body(401, "Unauthorized", "Invalid credentials")
            return web.json_response(body, status=401)
        if not self._limits[kind].take():
            self.ledger.requests["refused"] += 1
            body = error_body(429, "Too Many Requests", "Rate limit exceeded")
            return web.json_response(body, status=429)
        return None

    async def _page(self, _request: web.Request) -> web.StreamResponse:
        return web.FileResponse(_STATIC / "phones.html", headers=_PAGE_HEADERS)

    async def _phones(self, request: web.Request) -> web.Response:
        shown = phones_view.phones(self.ledger, monotonic(), request.query.get("search", ""))
        return web.json_response(shown)

    async def _reply(self, request: web.Request) -> web.Response:
        """Post a reply from a phone. JSON only, so that no other site's form can post it."""
        if request.content_type != "application/json":
            return web.json_response({"detail": "Send application/json."}, status=415)
        try:
            text = str(dict(parse_json(await request.read())).get("text", "")).strip()
        except (ValueError, TypeError):
            text = ""
        phone = request.match_info["phone"]
        if not text or not self.ledger.by_phone.get(phone):
            return web.json_response({"detail": "Give a text, for a phone shown here."}, status=400)
        if self._caller is None:
            detail = "Start the sandbox with --callback-url to write back."
            return web.json_response({"detail": detail}, status=409)
        sender = str(self.ledger.by_phone[phone][-1].message.get("from", ""))
        phones_view.note_reply(self.ledger, phone, text, monotonic())
        taken = await self._caller.inbound(phone, sender, text)
        return web.json_response({"taken": taken}, status=200 if taken else 502)

    async def _statistics(self, _request: web.Request) -> web.Response:
        """Return the sandbox's own counts, for tests that compare them with a database."""
        counts = {phone: len(entries) for phone, entries in self.ledger.by_phone.items()}
        failed = self._caller.failed if self._caller else 0
        return web.json_response(
            {
                "requests": dict(self.ledger.requests),
                "messages": len(self.ledger.entries),
                "phones": len(counts),
                "most_to_one_phone": max(counts.values(), default=0),
                "callbacks_given_up": failed,
            }
        )

    async def _record(self, _request: web.Request) -> web.Response:
        """Return each message's status in the sandbox, and the number of pending callbacks."""
        now = monotonic()
        reports = {
            key: self.ledger.status(entry, now) for key, entry in self.ledger.entries.items()
        }
        waiting = self._caller.waiting if self._caller else 0
        coming = self._announcer.coming if self._announcer else 0
        return web.json_response(
            {
                "statuses": {key: one["deliverystatus"] for key, one in reports.items()},
                "callbacks_to_come": waiting + coming,
            }
        )
