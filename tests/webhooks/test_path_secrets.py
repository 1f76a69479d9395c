"""A secret in the path of a webhook reaches no log and no error report."""

import json
import logging
from urllib.parse import quote

import pytest
from django.core import mail
from django.db import DatabaseError
from django.test import RequestFactory
from django.utils.log import ServerFormatter

from django_smsbat.services.tracking import recorder
from django_smsbat.webhooks import log_filter, path_secret
from django_smsbat.webhooks.masking import masked, pattern_of

SECRET = "hook-4e9T_x9 /%c"
BODY = json.dumps({"messageId": "s-1", "deliverystatus": "delivered"})
# Ways in which people and proxies garble URLs.
PATHS = [
    "/smsbat/status/{}/",
    "/smsbat/status/{}",
    "//smsbat/status/{}/",
    "/smsbat//status/{}/",
    "/smsbat/Status/{}/",
    "/SmsBat/status/{}/",
    "/smsbat/status/{}\n\n",
    "/smsbat/status/{}/\n",
    "/smsbat/\n/status/{}",
    "/smsbat/stauts/{}/",
    "/{}/smsbat/status/",
    "/site/smsbat/status/{}/x",
]
FORMS = [
    lambda secret: secret,
    quote,
    lambda secret: quote(secret, safe=""),
    lambda secret: quote(quote(secret, safe=""), safe=""),
    lambda secret: "".join(f"%{ord(one):02x}" for one in secret),
    lambda secret: "".join(f"%25%{ord(one):02X}"[:3] + f"{ord(one):02X}" for one in secret),
    str.upper,
]


@pytest.fixture(params=[True, False], ids=["in path", "not in path"])
def _secret(settings, request):
    own = {"WEBHOOK_SECRETS": [SECRET], "WEBHOOK_SECRET_IN_PATH": request.param}
    settings.SMSBAT = {**settings.SMSBAT, **own}


def post(client, path):
    return client.generic(
        "POST",
        "/",
        BODY,
        content_type="application/json",
        PATH_INFO=path,
        REQUEST_URI=quote(path),
        RAW_URI=quote(path),
    )


def shows(text, secret=SECRET):
    """Return whether a text shows the secret, in any of its forms."""
    return any(form(secret).lower() in text.lower() for form in FORMS)


@pytest.mark.django_db
@pytest.mark.usefixtures("_secret")
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("path", PATHS)
def test_a_secret_in_any_path_reaches_no_log(client, caplog, path, form):
    caplog.set_level(logging.DEBUG)
    post(client, path.format(form(SECRET)))
    assert not shows(caplog.text)


@pytest.mark.usefixtures("_secret")
def test_a_path_that_is_not_found_is_logged_with_the_rest_of_it(client, caplog):
    post(client, f"/smsbatt/status/{SECRET}/")
    assert "Not Found: /smsbatt/status/***/" in caplog.text


@pytest.mark.usefixtures("_secret")
def test_the_server_log_of_development_shows_no_secret(caplog):
    line = f"POST /smsbat/status/{quote(SECRET)}/ HTTP/1.1"
    logging.getLogger("django.server").warning('"%s" %s %s', line, "404", "179")
    assert not shows(caplog.text)
    record = caplog.records[-1]
    record.status_code, record.server_time = 404, "now"
    assert not shows(ServerFormatter("[{server_time}] {message}", style="{").format(record))


@pytest.mark.usefixtures("_secret")
@pytest.mark.parametrize("name", ["django.security.DisallowedHost", "django.security.csrf"])
def test_the_loggers_of_security_are_filtered_too(caplog, name):
    logging.getLogger(name).warning("Forbidden (%s): %s", "no token", f"/smsbat/{SECRET}/")
    assert not shows(caplog.text)
    assert "Forbidden (no token): /smsbat/***/" in caplog.text


@pytest.mark.usefixtures("_secret")
def test_arguments_of_access_logs_stay_in_their_places(caplog):
    caplog.set_level(logging.INFO, "uvicorn.access")
    args = ("127.0.0.1", "POST", f"/smsbat/status/{quote(SECRET)}", "1.1", 401)
    logging.getLogger("uvicorn.access").info('%s - "%s %s HTTP/%s" %d', *args)
    assert caplog.records[-1].args == ("127.0.0.1", "POST", "/smsbat/status/***", "1.1", 401)
    caplog.set_level(logging.INFO, "gunicorn.access")
    logging.getLogger("gunicorn.access").info("%(r)s %(s)s", {"r": f"POST /{SECRET}", "s": 401})
    assert caplog.records[-1].getMessage() == "POST /*** 401"


@pytest.mark.usefixtures("_secret")
def test_a_secret_split_between_message_and_argument_is_masked(caplog):
    logging.getLogger("django.request").warning(f"/{SECRET[:5]}%s", SECRET[5:])
    assert not shows(caplog.text)


@pytest.mark.usefixtures("_secret")
def test_a_record_that_cannot_be_formatted_is_let_through(settings):
    record = logging.LogRecord("django.request", 30, "", 1, "%s %s", ("one",), None)
    assert log_filter.SecretFilter().filter(record)
    assert record.args == ("one",)
    settings.SMSBAT = {"NO_SUCH_KEY": 1}
    assert log_filter.SecretFilter().filter(record)


def test_a_secret_that_was_rotated_out_and_one_that_came_in(settings, caplog):
    settings.SMSBAT = {**settings.SMSBAT, "WEBHOOK_SECRETS": ["the-old-one"]}
    logging.getLogger("django.request").warning("%s", "/the-old-one/")
    settings.SMSBAT = {**settings.SMSBAT, "WEBHOOK_SECRETS": ["the-new-one"]}
    logging.getLogger("django.request").warning("%s", "/the-new-one/")
    assert "the-" not in caplog.text


def test_the_secrets_of_every_account_are_masked(settings, caplog):
    shop = {"API_KEY": "k", "WEBHOOK_SECRETS": ["the-secret-of-the-shop"]}
    settings.SMSBAT = {**settings.SMSBAT, "ACCOUNTS": {"shop": shop}}
    logging.getLogger("django.request").warning("%s", "/smsbatt/the-secret-of-the-shop/")
    assert "the-shop" not in caplog.text


def test_of_two_secrets_the_longer_one_is_masked_as_a_whole():
    assert masked("/secret-two/", pattern_of(["secret", "secret-two"])) == "/***/"


def test_without_secrets_nothing_is_masked():
    assert pattern_of([]) is pattern_of([""]) is None


@pytest.mark.django_db
@pytest.mark.usefixtures("_secret")
@pytest.mark.parametrize("path", ["/smsbat/status/{}/", "/smsbat/status//{}", "/smsbat//Status/{}"])
def test_an_error_mail_shows_no_secret(client, settings, monkeypatch, path):
    settings.ADMINS = [("Boss", "boss@example.com")]
    settings.SMSBAT = {**settings.SMSBAT, "WEBHOOK_SECRET_IN_PATH": True}
    client.raise_request_exception = False

    def fail(*args):
        raise RuntimeError("unexpected")

    monkeypatch.setattr(recorder, "record", fail)
    assert post(client, path.format(SECRET)).status_code == 500
    sent = mail.outbox[-1]
    html = sent.alternatives[0][0] if sent.alternatives else ""
    assert not shows(sent.subject + sent.body + html)


@pytest.mark.django_db
@pytest.mark.usefixtures("_secret")
def test_the_debug_page_of_an_error_shows_no_secret(client, settings, monkeypatch):
    plain = "-".join(["hook", "4e9T", "x9"])  # the page quotes this source
    settings.DEBUG = True
    own = {"WEBHOOK_SECRETS": [plain], "WEBHOOK_SECRET_IN_PATH": True}
    settings.SMSBAT = {**settings.SMSBAT, **own}
    client.raise_request_exception = False

    def fail(*args):
        raise RuntimeError("unexpected")

    monkeypatch.setattr(recorder, "record", fail)
    answer = post(client, f"/smsbat/status/{plain}/")
    assert answer.status_code == 500
    assert not shows(answer.content.decode(), plain)


@pytest.mark.django_db
@pytest.mark.usefixtures("_secret")
def test_a_failure_to_store_logs_no_secret(client, monkeypatch, caplog):
    def fail(*args):
        raise DatabaseError

    monkeypatch.setattr(recorder, "record", fail)
    post(client, f"/smsbat/status/{SECRET}/")
    assert not shows(caplog.text)


def test_the_environment_of_the_server_keeps_no_secret():
    request = RequestFactory().post(f"/smsbat/status/{SECRET}/")
    request.scope = {"path": f"/{SECRET}/", "raw_path": quote(SECRET).encode(), "type": "http"}
    arguments = {"secret": SECRET, "shop": "acme"}
    path_secret.take(request, arguments)
    assert arguments == {"shop": "acme"}
    assert path_secret.taken(request) == SECRET
    shown = (request.path, request.path_info, request.META["PATH_INFO"], request.scope)
    assert not shows(repr(shown))
    assert request.scope["type"] == "http"
