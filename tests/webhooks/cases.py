"""Requirements for every webhook; the tests of each endpoint inherit them."""

import base64
import json
import logging

import pytest
from django.db import DatabaseError, InterfaceError
from django.urls import reverse

from tests.settings import SECRET


def basic(secret, login="smsbat"):
    return "Basic " + base64.b64encode(f"{login}:{secret}".encode()).decode()


class WebhookCases:
    """Subclasses set `name`, `body`, `model` and `service`."""

    name: str
    body: dict
    model: type
    service: str

    @pytest.fixture(autouse=True)
    def _web(self, client, db):
        self.client = client

    @property
    def url(self):
        return reverse(f"smsbat:{self.name}")

    def post(self, body=None, url=None, content_type="application/json", **headers):
        data = body if isinstance(body, bytes | str) else json.dumps(body or self.body)
        headers = headers or {"authorization": basic(SECRET)}
        return self.client.post(url or self.url, data, content_type=content_type, headers=headers)

    def stored(self):
        return self.model.objects.count()

    def test_it_is_stored_and_answered_200(self):
        assert self.post().status_code == 200
        assert self.stored() == 1

    def test_the_same_again_is_answered_200_and_stored_once(self):
        assert [self.post().status_code for _ in range(2)] == [200, 200]
        assert self.stored() == 1

    @pytest.mark.parametrize(
        "headers",
        [
            {"authorization": basic(SECRET)},
            {"authorization": basic(SECRET, login="")},
            {"x-authorization-key": SECRET},
        ],
    )
    def test_the_secret_opens_as_password_or_header(self, headers):
        assert self.post(**headers).status_code == 200

    @pytest.mark.parametrize(
        "headers",
        [
            {"x-none": "1"},
            {"authorization": basic("wrong")},
            {"authorization": basic("")},
            {"authorization": "Basic !!!"},
            {"authorization": "Basic " + base64.b64encode(b"\xff:\xff").decode()},
            {"authorization": f"Bearer {SECRET}"},
            {"x-authorization-key": "wrong"},
            {"x-authorization-key": ""},
            {"x-authorization-key": SECRET + "x"},
        ],
    )
    def test_without_a_right_secret_nothing_is_read_and_nothing_stored(self, headers):
        answer = self.post(b"not even JSON", **headers)
        assert answer.status_code == 401
        assert "WWW-Authenticate" in answer.headers
        assert self.stored() == 0

    def test_with_no_secret_configured_nobody_gets_in(self, settings):
        settings.SMSBAT = {**settings.SMSBAT, "WEBHOOK_SECRETS": []}
        for headers in ({"authorization": basic("")}, {"x-authorization-key": SECRET}):
            assert self.post(**headers).status_code == 401

    def test_while_a_secret_is_rotated_both_open(self, settings):
        settings.SMSBAT = {**settings.SMSBAT, "WEBHOOK_SECRETS": ["the new one", SECRET]}
        assert self.post(**{"x-authorization-key": "the new one"}).status_code == 200
        assert self.post(**{"x-authorization-key": SECRET}).status_code == 200

    @pytest.mark.parametrize("slashes", ["/", "", "//"])
    def test_a_secret_in_the_path_opens_only_where_that_is_allowed(self, settings, slashes, caplog):
        caplog.set_level(logging.DEBUG)
        url = self.url + SECRET + slashes
        assert self.post(url=url, **{"x-none": "1"}).status_code == 401
        settings.SMSBAT = {**settings.SMSBAT, "WEBHOOK_SECRET_IN_PATH": True}
        assert self.post(url=url, **{"x-none": "1"}).status_code == 200
        assert self.post(b"malformed", url=url, **{"x-none": "1"}).status_code == 400
        assert SECRET not in caplog.text

    def test_a_missing_slash_loses_nothing(self):
        assert self.post(url=self.url.rstrip("/")).status_code == 200

    @pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "options"])
    def test_only_post_is_allowed(self, method):
        answer = getattr(self.client, method)(self.url, headers={"authorization": basic(SECRET)})
        assert answer.status_code == 405

    @pytest.mark.parametrize(
        "content_type", ["text/plain", "application/x-www-form-urlencoded", ""]
    )
    def test_only_json_is_read(self, content_type):
        assert self.post(content_type=content_type).status_code == 415

    def test_json_may_name_its_charset(self):
        assert self.post(content_type="application/json; charset=utf-8").status_code == 200

    def test_any_accept_header_is_answered(self):
        headers = {"authorization": basic(SECRET), "accept": "text/html"}
        assert self.post(**headers).status_code == 200

    def test_a_body_that_is_too_large_is_refused(self):
        assert self.post({**self.body, "x": "y" * 70_000}).status_code == 413
        assert self.stored() == 0

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"[]",
            b"null",
            b'"x"',
            b"[" * 30_000,
            b'{"a":' * 5_000,
            b"\xff\xfe",
            b"NaN",
            b"1e999",
            b'{"cost": 1e-99999999999999999999}',
            b"{}",
        ],
    )
    def test_what_is_malformed_is_answered_400_with_a_reason(self, body):
        answer = self.post(body)
        assert answer.status_code == 400
        assert answer.json()
        assert self.stored() == 0

    @pytest.mark.parametrize(
        "junk", ["\x00", "\ud800", "x" * 60_000, 10**400, {"a": [[[]]]}, True, [], -1]
    )
    def test_whatever_else_is_in_it_never_makes_a_5xx(self, junk):
        for field in (*self.body, "something else"):
            assert self.post({**self.body, field: junk}).status_code in (200, 400)

    def test_fields_that_nobody_knows_are_kept(self):
        self.post({**self.body, "more": {"a": 0.5}})
        assert self.model.objects.get().payload["more"] == {"a": 0.5}

    @pytest.mark.parametrize("failure", [DatabaseError, InterfaceError])
    def test_storing_that_failed_is_503_so_that_it_comes_again(self, monkeypatch, failure):
        def fail(*args):
            raise failure("the disk is full of +380671112233")

        monkeypatch.setattr(self.service, fail)
        answer = self.post()
        assert answer.status_code == 503
        assert b"disk" not in answer.content

    def test_the_projects_own_rest_settings_do_not_matter(self, settings):
        settings.REST_FRAMEWORK = {
            "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"],
            "DEFAULT_AUTHENTICATION_CLASSES": [],
            "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.FormParser"],
        }
        assert self.post().status_code == 200
