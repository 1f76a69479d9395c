"""Detect loopback addresses: the only ones that plain http requests may go to."""

import ipaddress
from typing import Final

from urllib3.util import parse_url

_LOCALHOST: Final = "localhost"
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class PlainHTTPRefused(Exception):
    """Credentials and texts would have been sent to another machine unencrypted."""


def address_of(host: str) -> Address | None:
    """Parse a full IP address; None for a name. An IPv4 address mapped to IPv6 becomes IPv4."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach that address or name.

    Short forms of addresses, such as ``127.1`` or a decimal number, count as names that are not
    loopback: programs interpret them differently.
    """
    address = address_of(host)
    if address is not None:
        return address.is_loopback
    name = host.lower().removesuffix(".")
    return name == _LOCALHOST or name.endswith(f".{_LOCALHOST}")


def scheme_and_host(url: str) -> tuple[str, str]:
    """Return scheme and host of a URL; empty if it has none.

    The URL is parsed as `requests` parses it: other parsers read a different host from some URLs.
    """
    try:
        parts = parse_url(url)
    except ValueError:
        return "", ""
    return parts.scheme or "", (parts.host or "").strip("[]")


def is_plain_to_other_host(url: str) -> bool:
    """Whether a request to that URL would go to another machine unencrypted."""
    scheme, host = scheme_and_host(url)
    return scheme == "http" and bool(host) and not is_loopback(host)
