"""The Host headers that the sandbox accepts."""

import signal
import socket
import sys
from urllib.parse import urlsplit

import pytest
import requests
from django.core.management import CommandError, call_command

from django_smsbat.sandbox.hosts import HostRule
from tests.conftest import client_for, phone
from tests.gateway.test_contract import REQUESTS
from tests.support.child_processes import Child
from tests.support.paths import ROOT

MANAGE = ROOT / "manage.py"
PATHS = ["/", "/phones", "/statistics", "/record", "/static/phones.js", "/bat/message/1"]
FOREIGN = [
    "evil.example",
    "evil.example:8025",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "evil-localhost",
    "notlocalhost",
    "127.0.0.1@evil.example",
    "192.168.1.7",
    "169.254.169.254",
    "0.0.0.0",
    "2130706433",
    "0x7f000001",
    "[::ffff:10.0.0.1]",
    "[2001:db8::1]:80",
    "[evil.example]",
    "localhost:port",
    "localhost/",
    "::1",
    " ",
]
LOOPBACK = [
    "127.0.0.1",
    "127.0.0.1:1",
    "127.8.9.10:8025",
    "localhost",
    "LocalHost:8025",
    "localhost.",
    "shop.localhost:8025",
    "[::1]",
    "[::1]:8025",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]:8025",
]


def raw(sandbox, *lines):
    """Return the first line of the response to a hand-written request."""
    parts = urlsplit(sandbox.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=5) as client:
        client.sendall("\r\n".join([*lines, "Connection: close", "", ""]).encode())
        return client.recv(200).decode().partition("\r\n")[0]


@pytest.fixture
def sandbox(start_sandbox):
    return start_sandbox()


@pytest.mark.parametrize("path", PATHS)
def test_a_foreign_host_is_refused_on_every_path(sandbox, path):
    answer = requests.get(sandbox.url + path, headers={"Host": "evil.example"}, timeout=5)
    assert (answer.status_code, answer.json()["status"]) == (421, 421)


@pytest.mark.parametrize("host", FOREIGN)
def test_no_way_of_writing_a_foreign_host_reads_the_phones(sandbox, host):
    first = raw(sandbox, "GET /phones HTTP/1.1", f"Host: {host}")
    assert first.split()[1] in ("421", "400")


@pytest.mark.parametrize("host", LOOPBACK)
def test_every_way_of_writing_loopback_is_answered(sandbox, host):
    answer = requests.get(f"{sandbox.url}/phones", headers={"Host": host}, timeout=5)
    assert answer.status_code == 200


@pytest.mark.parametrize("lines", [[], ["Host: 127.0.0.1", "Host: evil.example"]])
def test_a_missing_or_second_host_is_refused(sandbox, lines):
    first = raw(sandbox, "GET /phones HTTP/1.1", *lines)
    assert first.split()[1] in ("421", "400")


def test_a_foreign_page_can_neither_reply_nor_send(sandbox):
    client = client_for(sandbox.url)
    client.close()
    headers = {"Host": "evil.example", "X-Authorization-Key": "sandbox-key"}
    for path, body in (
        (f"/phones/{phone(1)}/reply", {"text": "x"}),
        ("/bat/messagelist", {"messages": [next(iter(REQUESTS.values()))]}),
    ):
        answer = requests.post(sandbox.url + path, json=body, headers=headers, timeout=5)
        assert answer.status_code == 421
    assert not sandbox.sandbox.ledger.entries


@pytest.mark.parametrize(
    ("header", "arrived_at", "is_allowed"),
    [
        ("sandbox:8025", "172.18.0.2", True),  # a named host
        ("SANDBOX.", "172.18.0.2", True),
        ("other:8025", "172.18.0.2", False),
        ("172.18.0.2:8025", "172.18.0.2", True),  # the address of the connection
        ("172.18.0.3:8025", "172.18.0.2", False),
        ("172.18.0.2", "::ffff:172.18.0.2", True),
        ("[2001:db8::1]", "2001:db8:0::1", True),
        ("172.18.0.2", "", False),
    ],
)
def test_named_hosts_and_the_own_address_are_allowed(header, arrived_at, is_allowed):
    assert HostRule.of(["Sandbox", ""]).allows(header, arrived_at) is is_allowed


@pytest.fixture
def start_command():
    """Start ``smsbat_sandbox`` as a process; yield the process and its address."""
    processes = []

    def start(*arguments):
        command = [sys.executable, str(MANAGE), "smsbat_sandbox", "--port", "0", *arguments]
        process = Child(command)
        processes.append(process)
        return process, process.first_line(60).split()[-1]

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def stopped(process):
    process.send_signal(signal.SIGTERM)
    return process.communicate(timeout=30)[1]


@pytest.mark.slow
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.0.0.2"])
def test_on_loopback_it_warns_of_nothing(start_command, host):
    process, url = start_command("--host", host)
    assert requests.get(f"{url}/phones", timeout=5).status_code == 200
    assert stopped(process) == ""


@pytest.mark.slow
@pytest.mark.parametrize("host", ["0.0.0.0", "::", ""])
def test_beyond_loopback_it_warns_in_one_line(start_command, host):
    process, _url = start_command("--host", host)
    error = stopped(process)
    assert error.count("\n") == 1
    assert error.startswith("Warning: other machines can reach this sandbox")


@pytest.mark.slow
@pytest.mark.parametrize(("host", "loopback"), [("0.0.0.0", "127.0.0.1"), ("::", "[::1]")])
def test_beyond_loopback_it_answers_to_the_printed_address_too(start_command, host, loopback):
    _process, url = start_command("--host", host)
    address = urlsplit(url)
    for header, status in ((loopback, 200), (address.netloc, 200), ("evil.example", 421)):
        answer = requests.get(
            f"http://{loopback}:{address.port}/phones", headers={"Host": header}, timeout=5
        )
        assert answer.status_code == status


@pytest.mark.slow
def test_a_host_can_be_allowed_by_an_option(start_command):
    _process, url = start_command("--allowed-host", "sandbox", "--allowed-host", "sms.test")
    for host, status in (("sandbox:8025", 200), ("sms.test", 200), ("evil.example", 421)):
        answer = requests.get(f"{url}/phones", headers={"Host": host}, timeout=5)
        assert answer.status_code == status


@pytest.mark.parametrize("name", ["http://sandbox", "sandbox:8025", "", "sand box", "*"])
def test_what_is_no_host_name_is_refused_in_one_sentence(name):
    with pytest.raises(CommandError, match="give a host name without scheme and port"):
        call_command("smsbat_sandbox", "--allowed-host", name)
