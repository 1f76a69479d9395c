"""Which addresses only this machine can reach: the only ones that plain http may go to."""

import ipaddress
from typing import Final

from urllib3.util import parse_url

_LOCALHOST: Final = "localhost"
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class PlainHTTPRefused(Exception):
    """Credentials and texts would have left this machine unencrypted."""


def address_of(host: str) -> Address | None:
    """An IP address written in full, None for a name. An IPv4 address in IPv6 is IPv4."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches that address or name.

    Short forms of addresses, such as ``127.1`` or a decimal number, are names that are not
    loopback: programs read them differently.
    """
    address = address_of(host)
    if address is not None:
        return address.is_loopback
    name = host.lower().removesuffix(".")
    return name == _LOCALHOST or name.endswith(f".{_LOCALHOST}")


def scheme_and_host(url: str) -> tuple[str, str]:
    """Scheme and host of an address; empty where there is none.

    They are read as `requests` reads them: other parsers see another host in some addresses.
    """
    try:
        parts = parse_url(url)
    except ValueError:
        return "", ""
    return parts.scheme or "", (parts.host or "").strip("[]")


def is_plain_to_other_host(url: str) -> bool:
    """Whether a request to that address would leave this machine unencrypted."""
    scheme, host = scheme_and_host(url)
    return scheme == "http" and bool(host) and not is_loopback(host)
