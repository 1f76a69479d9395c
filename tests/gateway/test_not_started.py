"""An error before the first byte of a request never means that SMSBAT accepted it."""

import socket
import ssl
import tracemalloc
import zlib
from importlib.util import find_spec
from time import monotonic
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_smsbat.gateway import attempt as attempts
from django_smsbat.gateway import failures, transport
from django_smsbat.gateway.attempt import ANSWER_MAX, Attempt, Phase
from django_smsbat.gateway.dialects import Outgoing
from django_smsbat.gateway.errors import ErrorKind, Fate, GatewayError
from django_smsbat.gateway.messages import Content
from django_smsbat.gateway.route import Route, Setting
from tests.conftest import client_for
from tests.support.broken_servers import (
    Authority,
    answer_in_plain_http,
    broken_server,
    read_and_close,
    read_and_reset,
    stay_silent,
)

MESSAGE = Outgoing("1-a", "+380671112233", Content(type="sms", sender="Shop", text="Hi"))
TAKEN = (
    b'{"messagelistId": 1, "messages": [{"messageId": "m", "status": "accepted", '
    b'"customerMessageId": "1-a"}]}'
)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
PROXY_NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE")
TIMEOUT = 0.4


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch):
    for name in (*PROXY_NAMES, "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def authority(tmp_path, monkeypatch):
    made = Authority(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(made.bundle))
    return made


def error_of(url, timeout=TIMEOUT) -> GatewayError:
    client = client_for(url, timeout=timeout)
    try:
        with pytest.raises(GatewayError) as error:
            client.send([MESSAGE])
    finally:
        client.close()
    return error.value


def drip_a_handshake(server):
    return lambda connection: server.drip(connection, b"\x16\x03\x03\x40\x00" + b"\x02" * 9)


class TestHandshake:
    """A TLS handshake that does not finish is not a request."""

    @pytest.mark.parametrize(
        ("behaviour", "kind"),
        [
            (read_and_close, ErrorKind.UNREACHABLE),
            (read_and_reset, ErrorKind.UNREACHABLE),
            (stay_silent, ErrorKind.UNREACHABLE),
            (drip_a_handshake, ErrorKind.UNREACHABLE),
            (answer_in_plain_http, ErrorKind.TLS_FAILED),
        ],
    )
    def test_a_handshake_that_fails_means_not_taken(self, behaviour, kind):
        with broken_server(behaviour) as server:
            error = error_of(f"https://127.0.0.1:{server.port}")
        assert error.kind is kind
        assert not server.requests

    def test_a_plain_port_behind_https_is_named_by_its_address(self):
        with broken_server(answer_in_plain_http) as server:
            error = error_of(f"https://127.0.0.1:{server.port}")
        assert f"BASE_URL https://127.0.0.1:{server.port}" in error.explanation

    @pytest.mark.filterwarnings("ignore::DeprecationWarning")
    def test_a_server_of_an_old_version_only_is_not_spoken_to(self, authority):
        context = authority.context()
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1

        def shake_hands(server):
            return lambda connection: context.wrap_socket(connection, server_side=True)

        with broken_server(shake_hands) as server:
            error = error_of(f"https://127.0.0.1:{server.port}")
        assert (error.kind, error.kind.for_everybody) == (ErrorKind.TLS_FAILED, True)

    def test_a_certificate_of_another_host_is_not_trusted(self, authority):
        context = authority.context()

        def shake_hands(server):
            return lambda connection: context.wrap_socket(connection, server_side=True)

        with broken_server(shake_hands) as server, mock.patch.object(socket, "getaddrinfo") as find:
            find.return_value = [(2, 1, 6, "", ("127.0.0.1", server.port))]
            error = error_of(f"https://elsewhere.example:{server.port}")
        assert (error.kind, error.detail) == (
            ErrorKind.TLS_FAILED,
            "its TLS certificate is not trusted",
        )

    def test_what_is_lost_after_the_handshake_may_have_been_taken(self, authority):
        context = authority.context()

        def read_request_and_close(server):
            def handler(connection):
                with context.wrap_socket(connection, server_side=True) as secured:
                    server.read_request(secured)

            return handler

        with broken_server(read_request_and_close) as server:
            error = error_of(f"https://127.0.0.1:{server.port}")
        assert error.kind is ErrorKind.CONNECTION_LOST
        assert len(server.requests) == 1


def refuse_tunnel(status):
    def make(server):
        def handler(connection):
            server.read_request(connection)
            connection.sendall(f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode())

        return handler

    return make


def close_the_tunnel(server):
    return server.read_request


def talk_nonsense(server):
    def handler(connection):
        server.read_request(connection)
        connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")

    return handler


def open_the_tunnel_and_close(server):
    def handler(connection):
        server.read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        connection.recv(1_000)

    return handler


def ignore_the_tunnel(server):
    def handler(connection):
        server.read_request(connection)
        server.stay_silent(connection)

    return handler


def endless_headers_for_a_tunnel(server):
    def handler(connection):
        server.read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        server.drip(connection, b"X-A: b\r\n" * 1_000, pause=0.01)

    return handler


class TestProxy:
    """A CONNECT request to the proxy is not a request to SMSBAT."""

    @pytest.mark.parametrize(
        ("behaviour", "kind"),
        [
            (close_the_tunnel, ErrorKind.UNREACHABLE),
            (read_and_reset, ErrorKind.UNREACHABLE),
            (ignore_the_tunnel, ErrorKind.UNREACHABLE),
            (endless_headers_for_a_tunnel, ErrorKind.UNREACHABLE),
            (open_the_tunnel_and_close, ErrorKind.UNREACHABLE),
            (refuse_tunnel(502), ErrorKind.UNREACHABLE),
            (refuse_tunnel(407), ErrorKind.PROXY_FAILED),
            (refuse_tunnel(403), ErrorKind.PROXY_FAILED),
            (refuse_tunnel(501), ErrorKind.PROXY_FAILED),
            (talk_nonsense, ErrorKind.PROXY_FAILED),
        ],
    )
    def test_no_tunnel_means_not_taken_and_names_the_variable(self, monkeypatch, behaviour, kind):
        with broken_server(behaviour) as proxy:
            monkeypatch.setenv("HTTPS_PROXY", f"http://me:hush@127.0.0.1:{proxy.port}")
            error = error_of("https://smsbat.example")
        assert error.kind is kind
        assert f"HTTPS_PROXY http://127.0.0.1:{proxy.port}" in error.explanation
        assert "hush" not in error.explanation
        assert all(request.startswith(b"CONNECT ") for request in proxy.requests)

    @pytest.mark.parametrize(
        "value", ["htp:/proxy.example", "http://", "ftp://x.example", "http://["]
    )
    def test_a_variable_that_names_no_proxy_is_to_blame(self, monkeypatch, value):
        monkeypatch.setenv("HTTPS_PROXY", value)
        error = error_of("https://smsbat.example")
        assert (error.kind, error.kind.fate) == (ErrorKind.PROXY_FAILED, Fate.NOT_TAKEN)
        assert "HTTPS_PROXY" in error.explanation

    @pytest.mark.skipif(find_spec("socks") is not None, reason="PySocks is installed")
    def test_socks_without_its_package_is_explained(self, monkeypatch):
        monkeypatch.setenv("HTTPS_PROXY", "socks5://me:hush@127.0.0.1:1080")
        error = error_of("https://smsbat.example")
        assert error.kind is ErrorKind.PROXY_FAILED
        assert error.explanation.endswith(
            "(HTTPS_PROXY socks5://127.0.0.1:1080, install PySocks to use a SOCKS proxy)"
        )

    @pytest.mark.parametrize("name", ["https_proxy", "ALL_PROXY", "all_proxy"])
    def test_the_variable_is_named_as_it_is_written(self, monkeypatch, name):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
        error = error_of("https://smsbat.example")
        assert (error.kind, error.culprit) == (ErrorKind.UNREACHABLE, f"{name} http://127.0.0.1:9")

    def test_a_bad_address_is_not_blamed_on_the_proxy(self, monkeypatch):
        monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
        error = error_of("https://127.0.0.1:port")
        assert (error.kind, error.culprit) == (ErrorKind.MISDIRECTED, "")

    def test_a_proxy_that_wants_a_password_for_plain_http_is_named(self, monkeypatch):
        with broken_server(refuse_tunnel(407)) as proxy:
            monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
            error = error_of("http://smsbat.example")
        assert error.kind is ErrorKind.PROXY_FAILED
        assert error.culprit == f"HTTP_PROXY http://127.0.0.1:{proxy.port}"


class TestCaBundle:
    """Unreadable certificates are a fault of this machine."""

    @pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
    def test_a_bundle_that_is_gone_is_named(self, monkeypatch, tmp_path, name):
        gone = tmp_path / "gone.pem"
        monkeypatch.setenv(name, str(gone))
        error = error_of("https://127.0.0.1:9")
        assert (error.kind, error.kind.fate) == (ErrorKind.CA_BUNDLE, Fate.NOT_TAKEN)
        assert error.explanation.endswith(f"({name} {gone}, does not exist)")

    @pytest.mark.parametrize("content", [b"", b"no certificate", b"\xff" * 100])
    def test_a_bundle_that_holds_no_certificate_is_named(self, monkeypatch, tmp_path, content):
        bundle = tmp_path / "bundle.pem"
        bundle.write_bytes(content)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
        with broken_server(stay_silent) as server:
            error = error_of(f"https://127.0.0.1:{server.port}")
        assert error.kind is ErrorKind.CA_BUNDLE
        assert f"REQUESTS_CA_BUNDLE {bundle}" in error.explanation

    def test_a_bundle_that_goes_away_later_is_noticed_too(self, authority):
        context = authority.context()

        def answer_once(server):
            def handler(connection):
                with context.wrap_socket(connection, server_side=True) as secured:
                    server.read_request(secured)
                    secured.sendall(HEAD + b"Connection: close\r\nContent-Length: ")
                    secured.sendall(b"%d\r\n\r\n%b" % (len(TAKEN), TAKEN))

            return handler

        with broken_server(answer_once) as server:
            client = client_for(f"https://127.0.0.1:{server.port}")
            assert client.send([MESSAGE]).results
            authority.bundle.unlink()
            with pytest.raises(GatewayError) as error:
                client.send([MESSAGE])
            client.close()
        assert error.value.kind is ErrorKind.CA_BUNDLE


class TestPreparing:
    """Any exception before the connection means that no byte was sent."""

    @pytest.mark.parametrize(
        "error", [RuntimeError("+380671112233"), MemoryError(), OSError(), KeyError("x")]
    )
    @pytest.mark.parametrize(
        "place",
        [
            "requests.Session.merge_environment_settings",
            "requests.adapters.HTTPAdapter.cert_verify",
        ],
    )
    def test_an_unexpected_exception_means_not_taken(self, place, error):
        with mock.patch(place, side_effect=error):
            failed = error_of("http://127.0.0.1:9")
        assert (failed.kind, failed.detail) == (ErrorKind.NOT_STARTED, type(error).__name__)

    @pytest.mark.parametrize("error", [RuntimeError(), OSError(), ValueError("+380671112233")])
    def test_an_unexpected_exception_after_the_first_byte_means_perhaps(self, error):
        with (
            broken_server(stay_silent) as server,
            mock.patch("http.client.HTTPConnection.getresponse", side_effect=error),
        ):
            failed = error_of(f"http://127.0.0.1:{server.port}")
        assert (failed.kind, failed.detail) == (ErrorKind.CONNECTION_LOST, type(error).__name__)

    def test_a_session_that_could_not_be_made_is_made_anew(self):
        def answer(server):
            def handler(connection):
                server.read_request(connection)
                connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n%b" % (len(TAKEN), TAKEN))

            return handler

        with broken_server(answer) as server:
            client = client_for(f"http://127.0.0.1:{server.port}")
            with mock.patch("requests.Session", side_effect=OSError), pytest.raises(GatewayError):
                client.send([MESSAGE])
            assert not client.has_left
            assert client.send([MESSAGE]).results
            assert client.has_left
            client.close()

    @given(
        st.sampled_from([phase for phase in Phase if phase is not Phase.BEGUN]),
        st.sampled_from([OSError, ValueError, ssl.SSLError, TimeoutError, KeyError, RuntimeError]),
        st.booleans(),
    )
    def test_every_failure_in_every_phase_before_the_first_byte_means_not_taken(
        self, phase, kind, is_known
    ):
        attempt = Attempt(1)
        attempt.phase = phase
        route = Route("https://x.example", Setting("HTTPS_PROXY", "http://p"), None)
        error = failures.classify(kind("x"), attempt, route if is_known else None)
        assert error.kind.fate is Fate.NOT_TAKEN

    @given(st.sampled_from([OSError, ValueError, ssl.SSLError, TimeoutError, KeyError]))
    def test_no_failure_after_the_first_byte_means_not_taken(self, kind):
        attempt = Attempt(1)
        attempt.begin()
        assert failures.classify(kind("x"), attempt, None).kind.fate is Fate.PERHAPS_TAKEN


def dripping(data, pause=0.05):
    def make(server):
        def handler(connection):
            server.read_request(connection)
            server.drip(connection, data, pause)

        return handler

    return make


def flooding(head, piece):
    def make(server):
        def handler(connection):
            server.read_request(connection)
            connection.sendall(head)
            server.flood(connection, piece)

        return handler

    return make


def reading_slowly(server):
    def handler(connection):
        while connection.recv(1_024):
            server._over.wait(0.02)

    return handler


CHUNK = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
BOMB = zlib.compress(b" " * 200_000_000, 9)


class TestLimits:
    """A server cannot block an exchange for ever or send without end."""

    @pytest.mark.parametrize(
        "data",
        [
            b"HTTP/1.1 200 OK\r\n",
            HEAD + b"X-Padding: " + b"a" * 1_000,
            HEAD + b"Content-Length: 1000\r\n\r\n" + b" " * 1_000,
            HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\na\r\n" * 1_000,
            b"HTTP/1.1 100 Continue\r\n\r\n" * 1_000,
        ],
    )
    def test_a_dripping_answer_is_cut_off(self, data):
        with broken_server(dripping(data)) as server:
            began = monotonic()
            error = error_of(f"http://127.0.0.1:{server.port}")
            seconds = monotonic() - began
        assert error.kind is ErrorKind.TIMED_OUT
        assert seconds < 10  # not a measurement: the server would drip for ever

    def test_a_server_that_reads_slowly_is_left(self):
        long = Outgoing("1-a", "+380671112233", Content(type="sms", text="x" * 30_000_000))
        with broken_server(reading_slowly) as server:
            # Long enough for the connection on a busy machine; the server would read for hours.
            client = client_for(f"http://127.0.0.1:{server.port}", timeout=4 * TIMEOUT)
            with pytest.raises(GatewayError) as error:
                client.send([long])
            client.close()
        assert error.value.kind is ErrorKind.TIMED_OUT

    @pytest.mark.parametrize(
        ("head", "piece"),
        [
            (HEAD + b"\r\n", b" " * 65_536),
            (HEAD + b"Content-Length: 3000000000\r\n\r\n", b" " * 65_536),
            (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", CHUNK),
            (HEAD + b"Content-Encoding: deflate\r\n\r\n" + BOMB, b""),
            (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;a=", b"b" * 65_536),
        ],
    )
    def test_an_endless_answer_takes_little_memory(self, head, piece):
        def end_at_once(server):
            def handler(connection):
                server.read_request(connection)
                connection.sendall(head)
                if piece:
                    server.flood(connection, piece)

            return handler

        with broken_server(end_at_once) as server:
            tracemalloc.start()
            error = error_of(f"http://127.0.0.1:{server.port}", timeout=20)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert error.kind.fate is Fate.PERHAPS_TAKEN
        assert peak < 100 * 2**20

    def test_an_answer_that_is_too_large_cannot_be_read(self):
        with broken_server(flooding(HEAD + b"\r\n", b" " * 65_536)) as server:
            error = error_of(f"http://127.0.0.1:{server.port}", timeout=20)
        assert (error.kind, error.detail) == (ErrorKind.UNREADABLE, "more than 8 MiB")

    def test_a_refusal_with_an_endless_page_is_still_a_refusal(self):
        head = b"HTTP/1.1 503 Service Unavailable\r\n\r\n"
        with broken_server(flooding(head, b"<p>" * 10_000)) as server:
            error = error_of(f"http://127.0.0.1:{server.port}", timeout=20)
        assert error.kind is ErrorKind.UNAVAILABLE

    def test_a_redirect_with_an_endless_page_is_not_read(self):
        head = b"HTTP/1.1 301 Moved\r\nLocation: /elsewhere\r\n\r\n"
        with broken_server(flooding(head, b"<p>" * 10_000)) as server:
            error = error_of(f"http://127.0.0.1:{server.port}", timeout=20)
        assert error.kind is ErrorKind.MISDIRECTED

    def test_an_answer_just_below_the_limit_is_read_whole(self):
        body = TAKEN + b" " * (ANSWER_MAX - len(TAKEN))

        def answer(server):
            def handler(connection):
                server.read_request(connection)
                connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)

            return handler

        with broken_server(answer) as server:
            client = client_for(f"http://127.0.0.1:{server.port}", timeout=20)
            assert client.send([MESSAGE]).results["1-a"].message_id == "m"
            client.close()

    def test_connecting_to_many_addresses_takes_one_timeout_in_all(self):
        taken = []

        def connect(address, timeout, **options):
            taken.append(timeout)
            now[0] += 0.4
            raise TimeoutError

        now = [0.0]
        addresses = [(2, 1, 6, "", (f"127.0.0.{n}", 1)) for n in range(10)]
        with (
            mock.patch.object(transport.sockets, "create_connection", connect),
            mock.patch.object(socket, "getaddrinfo", return_value=addresses),
            mock.patch.object(attempts.Attempt.__init__, "__defaults__", (lambda: now[0],)),
        ):
            error = error_of("http://many.example", timeout=1)
        assert (error.kind, error.detail) == (ErrorKind.UNREACHABLE, "ConnectTimeoutError")
        assert taken == pytest.approx([1, 0.6, 0.2])

    def test_a_connection_that_came_too_late_carries_no_request(self):
        now = [0.0]
        attempt = Attempt(30, lambda: now[0])
        attempt.phase = Phase.SECURING
        now[0] = 30.5
        with pytest.raises(TimeoutError):
            attempt.begin()
        assert not attempt.has_begun

    def test_an_exchange_lasts_twice_the_timeout_at_most(self):
        now = [0.0]
        attempt = Attempt(30, lambda: now[0])
        now[0] = 29
        attempt.begin()
        waits = []
        for second in (30, 45, 59):
            now[0] = second
            waits.append(attempt.seconds_left())
        assert waits == [30, 15, 1]
        now[0] = attempts.longest(30)
        with pytest.raises(TimeoutError):
            attempt.seconds_left()


def test_a_connection_is_used_again_and_closed_without_a_leak():
    def answer_again(server):
        def handler(connection):
            while server.read_request(connection):
                connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n%b" % (len(TAKEN), TAKEN))

        return handler

    with broken_server(answer_again) as server:
        client = client_for(f"http://127.0.0.1:{server.port}")
        for _ in range(3):
            client.send([MESSAGE])
        client.close()
    assert (len(server.requests), server.connections) == (3, 1)
