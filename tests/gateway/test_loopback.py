"""Plain http is allowed to this machine only."""

import socket
from unittest import mock

import pytest

from django_smsbat.gateway import transport
from django_smsbat.gateway.dialects import Outgoing
from django_smsbat.gateway.errors import ErrorKind, Fate, GatewayError
from django_smsbat.gateway.loopback import (
    PlainHTTPRefused,
    is_loopback,
    is_plain_to_other_host,
    scheme_and_host,
)
from django_smsbat.gateway.messages import Content
from tests.conftest import client_for
from tests.support.broken_servers import broken_server

MESSAGE = Outgoing("1-a", "+380671112233", Content(type="sms", sender="Shop", text="Hi"))
HERE = [
    "localhost",
    "LOCALHOST",
    "localhost.",
    "api.localhost",
    "127.0.0.1",
    "127.8.9.10",
    "::1",
    "::ffff:127.0.0.1",
]
ELSEWHERE = [
    "",
    "example.com",
    "localhost.example",
    "notlocalhost",
    "127.0.0.1.evil.example",
    "127.0.0.1.",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "127.1",
    "0.0.0.0",
    "::",
    "::ffff:10.0.0.1",
    "10.0.0.1",
    "169.254.169.254",
    "sandbox",
    "host.docker.internal",
]
PLAIN_TO_OTHERS = [
    "http://sms.example.com",
    "HTTP://sms.example.com",
    "hTTp://SMS.example.com:8090/api",
    "http://127.0.0.1.evil.example",
    "http://localhost.evil.example",
    "http://localhost@evil.example",
    "http://127.0.0.1:80@evil.example:80",
    "http://127.0.0.1%2f@evil.example",
    "http://evil.example\\@127.0.0.1",
    "http://evil.example#@127.0.0.1",
    "http://evil.example?@127.0.0.1",
    "http://evil.example/@127.0.0.1",
    "http://2130706433",
    "http://127.1",
    "http://[::ffff:10.0.0.1]",
    "http://[fe80::1]",
    "http://sandbox:8090",
    "http://0.0.0.0:8025",
]
ALLOWED = [
    "http://127.0.0.1:8025",
    "http://localhost:8025",
    "HTTP://LocalHost",
    "http://user:secret@127.0.0.1",
    "http://evil.example@127.0.0.1",
    "http://[::1]:8025",
    "http://[::ffff:127.0.0.1]",
    "http://sandbox.localhost:8090",
    "https://sms.example.com",
    "HTTPS://SMS.EXAMPLE.COM",
    "https://10.0.0.1",
]


@pytest.mark.parametrize("host", HERE)
def test_hosts_of_this_machine(host):
    assert is_loopback(host)


@pytest.mark.parametrize("host", ELSEWHERE)
def test_hosts_of_other_machines(host):
    assert not is_loopback(host)


@pytest.mark.parametrize("url", PLAIN_TO_OTHERS)
def test_addresses_that_would_show_the_credentials(url):
    assert is_plain_to_other_host(url)


@pytest.mark.parametrize("url", ALLOWED)
def test_addresses_that_show_nothing(url):
    assert not is_plain_to_other_host(url)


@pytest.mark.parametrize("url", ["", "x", "http://", "https://[::1", "//127.0.0.1", "http://\x00"])
def test_what_is_no_address_has_no_host(url):
    assert "" in scheme_and_host(url)
    assert not is_plain_to_other_host(url)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def failure_of(url, *addresses):
    """Return a request's failure and its connections if names resolve to these addresses."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 80)) for one in addresses]
    connections = []

    def connect(address, *args, **options):
        connections.append(address[0])
        raise ConnectionRefusedError

    client = client_for(url)
    with (
        mock.patch.object(socket, "getaddrinfo", return_value=found),
        mock.patch.object(transport.sockets, "create_connection", connect),
        pytest.raises(GatewayError) as error,
    ):
        client.send([MESSAGE])
    client.close()
    return error.value, connections


@pytest.mark.parametrize(
    "url", ["http://sms.example.com", "http://localhost", "http://x.localhost"]
)
@pytest.mark.parametrize("address", ["192.0.2.1", "10.0.0.1", "0.0.0.0"])
def test_nothing_connects_to_another_machine_whatever_the_name(url, address):
    error, connections = failure_of(url, address)
    assert (error.kind, error.kind.fate, connections) == (
        ErrorKind.TLS_FAILED,
        Fate.NOT_TAKEN,
        [],
    )
    assert error.kind.for_everybody
    assert f"BASE_URL {url}, plain http to another machine" in error.explanation


def test_https_connects_to_any_machine():
    error, connections = failure_of("https://sms.example.com", "192.0.2.1")
    assert (error.kind, connections) == (ErrorKind.UNREACHABLE, ["192.0.2.1"])


def test_a_proxy_on_another_machine_gets_no_plain_http(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://me:hush@proxy.example:3128")
    error, connections = failure_of("http://127.0.0.1:8025", "192.0.2.1")
    assert (error.kind, connections) == (ErrorKind.TLS_FAILED, [])
    assert "HTTP_PROXY http://proxy.example:3128" in error.explanation
    assert "hush" not in error.explanation


def test_a_proxy_on_another_machine_may_tunnel_https(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    error, connections = failure_of("https://sms.example.com", "192.0.2.1")
    assert (error.kind, connections) == (ErrorKind.UNREACHABLE, ["192.0.2.1"])


@pytest.mark.parametrize(("proxy", "is_refused"), [("192.0.2.1", True), ("127.0.0.1", False)])
def test_a_socks_proxy_on_another_machine_gets_no_plain_http(proxy, is_refused):
    class Socks(transport._Connection):
        _socks_options = {"proxy_host": proxy}

    connection = Socks("127.0.0.1", 9)
    with (
        mock.patch.object(transport.HTTPConnection, "_new_conn", side_effect=ZeroDivisionError),
        pytest.raises(PlainHTTPRefused if is_refused else ZeroDivisionError),
    ):
        connection._new_conn()


def test_a_redirect_to_plain_http_is_not_followed(monkeypatch):
    target = "http://sms.example.com/"

    def redirect(server):
        def handler(connection):
            server.read_request(connection)
            head = f"HTTP/1.1 307 Elsewhere\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n"
            connection.sendall(head.encode())

        return handler

    with broken_server(redirect) as server, pytest.raises(GatewayError) as error:
        client_for(f"http://127.0.0.1:{server.port}").send([MESSAGE])
    assert error.value.status == 307
