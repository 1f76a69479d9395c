"""Requests through a Unix socket have no client address; the limits on codes still apply."""

import http.client
import json
import socket

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.once]


class OnSocket(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=30)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def ask(path, url, body, content_type, **headers):
    connection = OnSocket(path)
    try:
        headers = {"Content-Type": content_type, **headers}
        connection.request("POST", url, body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def test_no_code_leaves_until_the_site_knows_the_address(make_site, tmp_path):
    pytest.importorskip("gunicorn")
    site = make_site()
    path = tmp_path / "web.sock"
    log = tmp_path / "web.log"
    options = ("--bind", f"unix:{path}", "--threads", "4")
    site.start_web(*options, "--capture-output", "--error-logfile", str(log))
    url, body = "/api/verify/", json.dumps({"phone": "+380671112277", "channel": "sms"})
    asked = [ask(path, url, body, "application/json") for _ in range(3)]
    assert asked == [503] * 3
    assert not site.taken()
    assert log.read_text().count("REMOTE_ADDR is empty") == 3
    known = {"X-Real-IP": "192.0.2.7"}
    status = ask(path, "/behind/proxy/", body, "application/json", **known)
    assert status == 201
    assert sum(site.taken().values()) == 1
