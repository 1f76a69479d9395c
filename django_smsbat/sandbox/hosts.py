"""The Host headers that the sandbox accepts: a defence against DNS rebinding.

A hostile page can point its own domain at 127.0.0.1 and then read the sandbox as its own origin.
The browser still sends that domain as `Host`, so requests that name another host are refused.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from django_smsbat.gateway.loopback import address_of, is_loopback

_HOST: Final = re.compile(
    r"(?:\[(?P<ipv6>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9._-]+))(?::[0-9]{1,5})?"
)


def host_of(header: str) -> str:
    """Return the host in a `Host` header, without its port; empty for a malformed header."""
    match = _HOST.fullmatch(header)
    host = (match["ipv6"] or match["name"]) if match else ""
    return host.lower().removesuffix(".")


@dataclass(frozen=True)
class HostRule:
    """Allows loopback, the named hosts, and the address at which the request arrived."""

    named: frozenset[str]

    @classmethod
    def of(cls, hosts: Iterable[str]) -> "HostRule":
        return cls(frozenset(host.lower().removesuffix(".") for host in hosts if host))

    def allows(self, header: str, arrived_at: str) -> bool:
        """Whether the header names an allowed host.

        Args:
            header: the `Host` header.
            arrived_at: the local address of the connection.
        """
        host = host_of(header)
        if not host:
            return False
        if is_loopback(host) or host in self.named:
            return True
        address = address_of(host)
        return address is not None and address == address_of(arrived_at)

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Respond with 421 to a request for another host."""
        headers = request.headers.getall("Host", [])
        socket_name = request.get_extra_info("sockname") or ("",)
        if len(headers) == 1 and self.allows(headers[0], str(socket_name[0])):
            return await handler(request)
        detail = (
            "This Host header is not allowed. Use a loopback address, "
            "or start the sandbox with --allowed-host."
        )
        body = {"error": "Misdirected Request", "message": detail, "status": 421}
        return web.json_response(body, status=421)
