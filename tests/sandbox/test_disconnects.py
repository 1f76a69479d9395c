"""Clients that disconnect before the response, as killed workers do."""

import asyncio
import json
import logging
import socket
import struct
import time
from urllib.parse import urlsplit

import pytest
import requests
from aiohttp import web

from django_smsbat.sandbox.app import Sandbox
from django_smsbat.sandbox.error_log import handle_loop_error
from tests.conftest import client_for, phone
from tests.sandbox.test_sandbox import eventually

LATENCY = 0.5
BODY = json.dumps(
    {"messages": [{"from": "AcmeShop", "to": phone(77), "type": "sms", "text": "Hi"}]}
).encode()
RESET = struct.pack("ii", 1, 0)  # close with RST


def connected(sandbox):
    parts = urlsplit(sandbox.url)
    return socket.create_connection((parts.hostname, parts.port), timeout=5)


def disconnect(sandbox, body=BODY, reset=False):
    """Send a request or part of it, and close the connection before the response."""
    head = (
        "POST /bat/messagelist HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Authorization-Key: sandbox-key\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n"
    )
    with connected(sandbox) as client:
        client.sendall(head.encode() + body)
        time.sleep(0.05)
        if reset:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


def abandoned(sandbox, number):
    """Wait until that many requests were abandoned; return the sandbox's statistics."""
    deadline = time.monotonic() + 10
    while True:
        statistics = requests.get(f"{sandbox.url}/statistics", timeout=5).json()
        if statistics["requests"].get("abandoned", 0) >= number:
            return statistics
        assert time.monotonic() < deadline, statistics
        time.sleep(0.02)


@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize("body", [BODY, BODY[:20], b""], ids=["whole", "part", "none"])
def test_a_disconnect_is_counted_and_not_logged(start_sandbox, caplog, body, reset):
    sandbox = start_sandbox(latency=LATENCY)
    disconnect(sandbox, body, reset)
    assert abandoned(sandbox, 1)["requests"]["abandoned"] == 1
    assert caplog.text == ""


def test_a_request_that_arrived_whole_is_taken_though_its_client_is_gone(start_sandbox):
    sandbox = start_sandbox(latency=LATENCY)
    disconnect(sandbox)
    assert abandoned(sandbox, 1)["messages"] == 1


def test_a_request_that_arrived_in_part_is_not_taken(start_sandbox):
    sandbox = start_sandbox(latency=LATENCY)
    disconnect(sandbox, BODY[:20])
    assert abandoned(sandbox, 1)["messages"] == 0


def test_it_answers_after_hundreds_of_disconnects(start_sandbox, caplog):
    sandbox = start_sandbox(latency=LATENCY)
    clients = [connected(sandbox) for _ in range(300)]
    for client in clients:
        client.sendall(b"GET /bat/message/1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    eventually(lambda: sandbox.sandbox.ledger.requests["status"] == 300)
    for client in clients:
        client.close()
    assert abandoned(sandbox, 300)["requests"]["abandoned"] == 300
    assert caplog.text == ""


def test_an_answered_request_is_not_abandoned(start_sandbox):
    sandbox = start_sandbox()
    client = client_for(sandbox.url)
    client.close()
    requests.get(f"{sandbox.url}/phones", timeout=5)
    assert "abandoned" not in sandbox.sandbox.ledger.requests


def test_another_error_is_one_line_without_its_text(start_sandbox, caplog, monkeypatch):
    async def fail(_sandbox, _request):
        raise RuntimeError(f"no room for {phone(77)}")

    monkeypatch.setattr(Sandbox, "_phones", fail)
    answer = requests.get(f"{start_sandbox().url}/phones", timeout=5)
    assert answer.status_code == 500
    (record,) = caplog.records
    text = logging.Formatter("%(message)s").format(record)
    assert text.startswith("the sandbox failed: RuntimeError at test_disconnects.py:")
    assert "\n" not in text
    assert phone(77) not in text


def test_a_refusal_of_a_handler_is_not_an_error(start_sandbox, caplog, monkeypatch):
    async def refuse(_sandbox, _request):
        raise web.HTTPNotFound

    monkeypatch.setattr(Sandbox, "_phones", refuse)
    assert requests.get(f"{start_sandbox().url}/phones", timeout=5).status_code == 404
    assert caplog.text == ""


@pytest.mark.parametrize("garbage", [b"\x16\x03\x01\x02\x00\x01\x00", b"HELLO\r\n\r\n"])
def test_garbage_leaves_no_traceback(start_sandbox, caplog, garbage):
    sandbox = start_sandbox()
    with connected(sandbox) as client:
        client.sendall(garbage + b"\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.")
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize(
    ("context", "text"),
    [
        ({"exception": ConnectionResetError(104, "reset by peer")}, None),
        ({"exception": BrokenPipeError()}, None),
        ({"exception": asyncio.CancelledError()}, None),
        ({"exception": ValueError(phone(77))}, "the sandbox failed: ValueError"),
        ({"message": "a task was destroyed"}, "the sandbox failed: a task was destroyed"),
    ],
)
def test_errors_of_the_event_loop_are_one_line_too(caplog, context, text):
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(handle_loop_error)
    loop.call_exception_handler({"message": "an error", **context})
    loop.close()
    assert [record.getMessage() for record in caplog.records] == ([text] if text else [])
    assert all(record.exc_info is None for record in caplog.records)
