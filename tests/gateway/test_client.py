"""One call is one request; an error states whether SMSBAT may have accepted the messages."""

import base64
import logging
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic

import pytest
import trustme

from django_smsbat.gateway.auth import AuthMethod, Credentials
from django_smsbat.gateway.client import Client
from django_smsbat.gateway.dialects import Outgoing
from django_smsbat.gateway.errors import ErrorKind, Fate, GatewayError, kind_of_status
from django_smsbat.gateway.messages import Content
from django_smsbat.gateway.pacing import RateLimit
from tests.conftest import client_for

MESSAGE = Outgoing("1-a", "+380671112233", Content(type="sms", sender="Shop", text="Hi"))
TAKEN = (
    b'{"messagelistId": 1, "messages": [{"messageId": "m", "status": "accepted", '
    b'"customerMessageId": "1-a"}]}'
)
KEY = "the-key-that-nobody-may-see"


class Recorder:
    """A server on a real port that sends scripted responses and records the requests."""

    def __init__(self, status=200, body=TAKEN, headers=(), drop=False):
        self.requests = []
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                length = int(self.headers.get("Content-Length", 0))
                asked_for = self.requestline.split()[1]  # `path` is without double slashes
                recorder.requests.append(
                    (self.command, asked_for, self.headers, self.rfile.read(length))
                )
                if drop:
                    self.connection.shutdown(socket.SHUT_RDWR)
                    self.close_connection = True
                    return
                self.send_response_only(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = answer

            def log_message(self, *args):
                """Print nothing during tests."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@contextmanager
def serving(**behaviour) -> Iterator[Recorder]:
    recorder = Recorder(**behaviour)
    thread = threading.Thread(target=recorder.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield recorder
    finally:
        recorder.server.shutdown()
        recorder.server.server_close()
        thread.join()


@contextmanager
def connected(url, **options) -> Iterator[Client]:
    client = client_for(url, **options)
    try:
        yield client
    finally:
        client.close()


def error_of(url, **options) -> GatewayError:
    with connected(url, **options) as client, pytest.raises(GatewayError) as error:
        client.send([MESSAGE])
    return error.value


@pytest.mark.parametrize(
    ("credentials", "header", "value"),
    [
        (Credentials(AuthMethod.HEADER, api_key=KEY), "X-Authorization-Key", KEY),
        (Credentials(AuthMethod.BASIC_KEY, api_key=KEY), "Authorization", f"@:{KEY}"),
        (
            Credentials(AuthMethod.BASIC, login="me", password="пароль"),
            "Authorization",
            "me:пароль",
        ),
    ],
)
def test_the_three_ways_to_authenticate(credentials, header, value):
    with serving() as server:
        client = Client(server.url, credentials)
        client.send([MESSAGE])
        client.close()
    sent = server.requests[0][2][header]
    if header == "Authorization":
        sent = base64.b64decode(sent.removeprefix("Basic ")).decode()
    assert sent == value


def test_a_slash_at_the_end_of_the_address_changes_nothing():
    with serving() as server, connected(f"{server.url}/") as client:
        client.send([MESSAGE])
    assert server.requests[0][1] == "/bat/messagelist"


def test_a_send_is_one_post_of_json():
    with serving() as server, connected(server.url) as client:
        client.send([MESSAGE])
    method, path, headers, body = server.requests[0]
    assert (method, path) == ("POST", "/bat/messagelist")
    assert headers["Content-Type"].startswith("application/json")
    assert b'"customerMessageId":"1-a"' in body


def test_a_status_check_asks_for_one_message_whose_id_is_quoted():
    body = b'{"messageId": "a/b", "deliverystatus": "delivered"}'
    with serving(body=body) as server, connected(server.url) as client:
        assert client.status("a/b").raw_status == "delivered"
    assert server.requests[0][:2] == ("GET", "/bat/message/a%2Fb")


def test_a_thread_keeps_its_connection_and_threads_do_not_share_one():
    sessions = []
    with serving() as server, connected(server.url) as client:
        client.send([MESSAGE])
        client.send([MESSAGE])
        sessions.append(client._connection())
        other = threading.Thread(target=lambda: sessions.append(client._connection()))
        other.start()
        other.join()
    assert sessions[0] is not sessions[1]


@pytest.mark.parametrize(
    ("status", "kind", "fate"),
    [
        (301, ErrorKind.MISDIRECTED, Fate.NOT_TAKEN),
        (303, ErrorKind.UNEXPECTED, Fate.PERHAPS_TAKEN),
        (409, ErrorKind.UNEXPECTED, Fate.PERHAPS_TAKEN),
        (400, ErrorKind.INVALID, Fate.REFUSED),
        (401, ErrorKind.UNAUTHORIZED, Fate.NOT_TAKEN),
        (402, ErrorKind.PAYMENT_REQUIRED, Fate.NOT_TAKEN),
        (403, ErrorKind.FORBIDDEN, Fate.NOT_TAKEN),
        (404, ErrorKind.NOT_FOUND, Fate.NOT_TAKEN),
        (408, ErrorKind.TIMED_OUT, Fate.PERHAPS_TAKEN),
        (413, ErrorKind.INVALID, Fate.REFUSED),
        (415, ErrorKind.MISDIRECTED, Fate.NOT_TAKEN),
        (422, ErrorKind.INVALID, Fate.REFUSED),
        (429, ErrorKind.THROTTLED, Fate.NOT_TAKEN),
        (500, ErrorKind.SERVER_ERROR, Fate.PERHAPS_TAKEN),
        (502, ErrorKind.SERVER_ERROR, Fate.PERHAPS_TAKEN),
        (503, ErrorKind.UNAVAILABLE, Fate.NOT_TAKEN),
        (504, ErrorKind.SERVER_ERROR, Fate.PERHAPS_TAKEN),
        (599, ErrorKind.SERVER_ERROR, Fate.PERHAPS_TAKEN),
    ],
)
def test_each_http_status_says_what_became_of_the_messages(status, kind, fate):
    with serving(status=status, body=b"<html>") as server:
        error = error_of(server.url)
    assert (error.kind, error.kind.fate, error.status) == (kind, fate, status)
    assert len(server.requests) == 1  # no hidden retry


@pytest.mark.parametrize("status", range(300, 600))
def test_no_status_is_without_a_kind_and_only_listed_ones_are_certain(status):
    listed = {301, 307, 308, 400, 401, 402, 403, 404, 405, 407, 411, 413, 414, 415, 421, 422}
    certain = listed | {426, 429, 431, 503}
    assert (kind_of_status(status).fate is not Fate.PERHAPS_TAKEN) is (status in certain)


@pytest.mark.parametrize("kind", ErrorKind)
def test_what_is_wrong_for_everybody_certainly_did_not_get_through(kind):
    assert not kind.for_everybody or kind.fate is Fate.NOT_TAKEN


def test_nobody_listening_is_certainly_not_taken():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        assert error_of(url).kind is ErrorKind.UNREACHABLE


def test_no_such_host_is_certainly_not_taken():
    assert error_of("http://no-such-host.invalid").kind is ErrorKind.UNREACHABLE


def test_a_connection_lost_after_sending_may_have_got_through():
    with serving(drop=True) as server:
        error = error_of(server.url)
    assert error.kind is ErrorKind.CONNECTION_LOST
    assert len(server.requests) == 1


def test_no_answer_in_time_may_have_got_through():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert error_of(url, timeout=0.2).kind is ErrorKind.TIMED_OUT


def test_an_answer_that_cannot_be_read_may_have_got_through():
    with serving(body=b"<html>ok</html>") as server:
        assert error_of(server.url).kind is ErrorKind.UNREADABLE


def test_a_certificate_that_is_not_trusted_is_never_spoken_to():
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with serving() as server:
        server.server.socket = context.wrap_socket(server.server.socket, server_side=True)
        error = error_of(server.url.replace("http:", "https:"))
    assert (error.kind, server.requests) == (ErrorKind.TLS_FAILED, [])


def test_a_certificate_that_is_trusted_is_spoken_to(tmp_path, monkeypatch):
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "authority.pem"))
    with serving() as server:
        server.server.socket = context.wrap_socket(server.server.socket, server_side=True)
        with connected(server.url.replace("http:", "https:")) as client:
            assert client.send([MESSAGE]).results
    assert len(server.requests) == 1


def test_credentials_do_not_follow_a_redirect():
    with serving() as elsewhere:
        target = [("Location", f"{elsewhere.url}/bat/messagelist")]
        with serving(status=307, headers=target) as server:
            error = error_of(server.url)
    assert error.kind is ErrorKind.MISDIRECTED
    assert not elsewhere.requests


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ([("Retry-After", "7")], 7.0),
        (
            [
                ("Retry-After", "Mon, 02 Mar 2026 12:00:30 GMT"),
                ("Date", "Mon, 02 Mar 2026 12:00:00 GMT"),
            ],
            30.0,
        ),
        (
            [
                ("Retry-After", "Mon, 02 Mar 2026 11:59:30 GMT"),
                ("Date", "Mon, 02 Mar 2026 12:00:00 GMT"),
            ],
            0.0,
        ),
        ([("Retry-After", "soon")], None),
        ([("Retry-After", "9" * 30)], None),
        ([("Retry-After", "-5")], None),
        ([("Retry-After", "Mon, 02 Mar 2026 12:00:30 GMT")], None),
        (
            [
                ("Retry-After", "Mon, 02 Mar 2026 12:00:30 GMT"),
                ("Date", "Mon, 02 Mar 2026 12:00:00 -0000"),
            ],
            None,
        ),
        ([], None),
    ],
)
def test_retry_after_is_handed_up_and_not_slept_out(headers, seconds):
    with serving(status=429, headers=headers) as server:
        error = error_of(server.url)
    assert error.retry_after == seconds
    assert len(server.requests) == 1


def test_a_refusal_does_not_slow_the_next_request_down():
    with serving(status=429) as server, connected(server.url, send_pace=RateLimit(100)) as client:
        for _ in range(3):
            with pytest.raises(GatewayError):
                client.send([MESSAGE])
    assert len(server.requests) == 3


@pytest.mark.slow
def test_requests_are_paced_to_the_burst_and_then_to_the_rate():
    with serving() as server, connected(server.url, send_pace=RateLimit(20)) as client:
        began = monotonic()
        for _ in range(31):  # a burst of 30, and one that must wait for the window of 1.5 s
            client.send([MESSAGE])
    assert monotonic() - began >= 1.0


@pytest.mark.parametrize("count", [0, 5_001])
def test_a_request_holds_one_to_five_thousand_messages(count):
    client = client_for("http://127.0.0.1:9")
    with pytest.raises(ValueError, match="1 to 5,000"):
        client.send([MESSAGE] * count)
    client.close()


def test_no_netrc_is_looked_into(tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login stranger password other")
    monkeypatch.setenv("NETRC", str(netrc))
    with serving() as server, connected(server.url) as client:
        client.send([MESSAGE])
    assert "Authorization" not in server.requests[0][2]


def test_secrets_reach_no_log_no_repr_and_no_exception(caplog):
    caplog.set_level(logging.DEBUG)
    credentials = Credentials(AuthMethod.BASIC, login="me", password=KEY, api_key=KEY)
    with serving(status=401, body=b'{"message": "who is +380671112233?"}') as server:
        client = Client(server.url, credentials)
        with pytest.raises(GatewayError) as error:
            client.send([MESSAGE])
        client.close()
    told = f"{error.value} {error.value!r} {client!r} {credentials!r} {MESSAGE!r} {caplog.text}"
    assert KEY not in told
    assert "+380671112233" not in told
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__ or error.value.__context__ is None


@pytest.mark.parametrize("status", [None, 401, 422])
def test_no_variable_of_an_errors_frames_shows_key_phone_or_text(status):
    """Error pages and error mails show the variables of every frame."""
    code = Outgoing("1-a", "+380671112233", Content(type="sms", text="Your code is 482913"))
    with serving(status=status or 200) as server:
        url = server.url if status else "http://127.0.0.1:9"
        client = Client(url, Credentials(AuthMethod.HEADER, api_key=KEY))
        with pytest.raises(GatewayError) as error:
            client.send([code])
        client.close()
    frames = [entry.frame for entry in error.traceback[1:]]
    shown = "".join(repr(value) for frame in frames for value in frame.f_locals.values())
    assert frames
    for secret in (KEY, "+380671112233", "482913"):
        assert secret not in shown
    assert error.value.__context__ is None


@pytest.mark.parametrize("key", ["two\nlines", "ключ", "a key"])
def test_a_key_that_no_header_can_carry_is_refused_at_once_and_not_quoted(key):
    with pytest.raises(ValueError, match="API_KEY") as refused:
        Credentials(AuthMethod.HEADER, api_key=key)
    assert key not in str(refused.value)


@pytest.mark.parametrize("url", ["http://a..b", "no-scheme.example", "ftp://x.example", "http://"])
def test_an_address_that_leads_nowhere_is_certainly_not_taken(url):
    assert error_of(url).kind in (ErrorKind.MISDIRECTED, ErrorKind.UNREACHABLE)


def test_a_proxy_that_is_not_there_is_certainly_not_taken(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert error_of("http://smsbat.example").kind is ErrorKind.UNREACHABLE


def test_a_proxy_that_opens_no_tunnel_is_certainly_not_taken(monkeypatch):
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with serving(status=403) as proxy:  # it does not support CONNECT and responds 501
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        error = error_of("https://smsbat.example")
    assert (error.kind, proxy.requests) == (ErrorKind.PROXY_FAILED, [])


def test_a_text_that_utf_8_cannot_write_is_refused_and_nothing_leaves():
    with serving() as server, connected(server.url) as client:
        half = Outgoing("1-a", "+380671112233", Content(type="sms", text="\ud83d"))
        with pytest.raises(GatewayError) as error:
            client.send([half])
    assert (error.value.kind, server.requests) == (ErrorKind.INVALID, [])


def test_an_answer_that_quotes_our_key_is_not_quoted_further():
    with serving(status=401, body=f'{{"message": "unknown key {KEY}"}}'.encode()) as server:
        client = Client(server.url, Credentials(AuthMethod.HEADER, api_key=KEY))
        with pytest.raises(GatewayError) as error:
            client.send([MESSAGE])
        client.close()
    assert KEY not in f"{error.value} {error.value.detail}"


def test_what_stops_a_request_before_it_leaves_stops_it():
    def stop():
        raise RuntimeError("the lease is over")

    with serving() as server, connected(server.url) as client, pytest.raises(RuntimeError):
        client.send([MESSAGE], before_leaving=stop)
    assert server.requests == []


def test_what_the_network_said_is_told():
    with pytest.raises(GatewayError) as failed:
        client_for("http://127.0.0.1:9").status("s-1")
    assert str(failed.value) == "SMSBAT cannot be reached (NewConnectionError)"


@contextmanager
def observed(**behaviour):
    """A client of a scripted server, with the list of its exchanges."""
    seen = []
    with (
        serving(**behaviour) as server,
        connected(server.url) as client,
        client.observed_by(seen.append),
    ):
        yield client, seen


class TestObserver:
    """An observer gets every exchange, without our credentials."""

    def test_a_send_with_its_answer(self):
        limit, kind = ("X-RateLimit-Limit", "100"), ("Content-Type", "application/json")
        with observed(headers=[limit, kind, ("Set-Cookie", "session=1")]) as (client, seen):
            client.send([MESSAGE])
        (exchange,) = seen
        assert (exchange.method, exchange.path) == ("POST", "/bat/messagelist")
        assert (exchange.status, exchange.body) == (200, TAKEN)
        assert b'"customerMessageId":"1-a"' in exchange.request
        assert exchange.headers == {"x-ratelimit-limit": "100", "content-type": "application/json"}
        assert exchange.seconds > 0
        assert not exchange.failure

    def test_a_status_request_with_the_id_as_it_was_asked_for(self):
        with observed(body=b'{"messageId": "a/b", "deliverystatus": "sent"}') as (client, seen):
            client.status("a/b")
        assert (seen[0].path, seen[0].message_id) == ("/bat/message/", "a/b")

    def test_a_refusal_without_our_key(self):
        body = b"wrong: sandbox-key"
        with observed(status=401, body=body) as (client, seen), pytest.raises(GatewayError):
            client.status("1")
        assert (seen[0].status, seen[0].body) == (401, b"wrong: ...")

    def test_a_network_failure(self):
        with observed(drop=True) as (client, seen), pytest.raises(GatewayError):
            client.send([MESSAGE])
        assert seen[0].status is None
        assert seen[0].failure.startswith("connection_lost")

    def test_nothing_after_the_end_of_the_block(self):
        seen = []
        with serving() as server, connected(server.url) as client:
            with client.observed_by(seen.append):
                client.send([MESSAGE])
            client.send([MESSAGE])
        assert len(seen) == 1

    def test_a_repr_without_bodies_and_ids(self):
        with observed(body=b'{"deliverystatus": "sent"}') as (client, seen):
            client.status("secret-id")
        assert "secret-id" not in repr(seen[0])
        assert "deliverystatus" not in repr(seen[0])


def test_a_body_is_posted_as_it_is_and_its_refusal_raised():
    body = b'{"status": 400, "error": "Bad Request", "message": "x", "code": 1002}'
    with (
        serving(status=400, body=body) as server,
        connected(server.url) as client,
        pytest.raises(GatewayError) as error,
    ):
        client.post(b"{}")
    assert error.value.code == "1002"
    assert server.requests[0][3] == b"{}"
