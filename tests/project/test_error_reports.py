"""Django's debug page and error mails show no value of our settings."""

import json
import logging
import re
import sys

import django
import pytest
from django.core import mail
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.utils.log import AdminEmailHandler
from django.views.debug import SafeExceptionReporterFilter, technical_500_response

from django_smsbat import conf
from django_smsbat.conf import KEYS, error_reports
from django_smsbat.conf.keys import OF_AN_ACCOUNT

VALUE = "hunter2"
# Every key contains a recognisable value, whatever its purpose.
DICT = {name: f"{VALUE}-{name}" for name in KEYS} | {
    "RATE_LIMIT_STORAGE": f"redis://user:{VALUE}-redis@10.0.0.5:6379/0",
    "WEBHOOK_SECRETS": [f"{VALUE}-one", f"{VALUE}-two"],
    "ACCOUNTS": {"shop": {name: f"{VALUE}-shop-{name}" for name in OF_AN_ACCOUNT}},
}


class OwnFilter(SafeExceptionReporterFilter):
    """A project's own filter, which replaces the list instead of extending it."""

    hidden_settings = re.compile("MINE")


def failed(request):
    try:
        raise RuntimeError("unexpected")
    except RuntimeError:
        return request, sys.exc_info()


def debug_page(request, accept):
    request.META["HTTP_ACCEPT"] = accept
    request, error = failed(request)
    return technical_500_response(request, *error).content.decode()


def error_mail(request):
    request, error = failed(request)
    record = logging.LogRecord("django.request", logging.ERROR, "", 1, "Error", (), error)
    record.request = request
    AdminEmailHandler(include_html=True).emit(record)
    [message] = mail.outbox
    return message.body + "".join(str(one[0]) for one in message.alternatives)


@pytest.fixture
def report(rf, settings):
    admin = "admin@example.com"
    settings.ADMINS = [admin if django.VERSION >= (6, 0) else ("Admin", admin)]
    settings.DEBUG = True
    return {
        "page": lambda request: debug_page(request, "text/html"),
        "text": lambda request: debug_page(request, "text/plain"),
        "mail": error_mail,
    }


KINDS = pytest.mark.parametrize("kind", ["page", "text", "mail"])


@KINDS
def test_no_value_of_the_dict_is_shown(report, rf, settings, kind):
    settings.SMSBAT = DICT
    shown = report[kind](rf.get("/"))
    assert "unexpected" in shown
    assert "SMSBAT" in shown
    assert VALUE not in shown


@KINDS
@pytest.mark.parametrize("name", KEYS)
def test_no_variable_of_the_environment_is_shown(report, rf, kind, name):
    """The development server passes the environment to each request."""
    value = DICT[name]
    request = rf.get("/")
    request.META[f"SMSBAT_{name}"] = value if isinstance(value, str) else json.dumps(value)
    shown = report[kind](request)
    assert f"SMSBAT_{name}" in shown
    assert VALUE not in shown


@KINDS
def test_what_django_hides_and_shows_stays_as_it_was(report, rf, settings, kind):
    settings.SOME_API_KEY = VALUE
    settings.NOT_SMSBAT, settings.LOGIN_URL = "shown-as-ever", "/also-shown/"
    shown = report[kind](rf.get("/"))
    assert VALUE not in shown
    assert "shown-as-ever" in shown
    assert "/also-shown/" in shown


@pytest.fixture(params=[{"BATCH_SIZE": 0}, {"NONSENSE": 1}, {"AUTH": "x"}, {"ACCOUNTS": {"a": 1}}])
def wrong(request, settings):
    """The name of an invalid key, set among secrets."""
    secrets = {"API_KEY": VALUE, "PASSWORD": VALUE, "WEBHOOK_SECRETS": [VALUE], "LOGIN": VALUE}
    settings.SMSBAT = {**secrets, "ACCOUNTS": {"shop": secrets}, **request.param}
    return next(iter(request.param))


def test_a_wrong_setting_shows_none_of_the_others(rf, wrong):
    """Reports also show the variables of frames."""
    with pytest.raises(ImproperlyConfigured) as error:
        conf.current()
    shown = technical_500_response(rf.get("/"), error.type, error.value, error.tb).content.decode()
    assert wrong in shown
    assert VALUE not in shown


def test_hiding_twice_changes_nothing():
    before = SafeExceptionReporterFilter.hidden_settings
    error_reports.hide_own_settings()
    assert SafeExceptionReporterFilter.hidden_settings is before


class TestTheCheck:
    @pytest.fixture(autouse=True)
    def _forget_the_filter(self):
        from django.views.debug import get_default_exception_reporter_filter as remembered

        remembered.cache_clear()
        yield
        remembered.cache_clear()

    def ids(self):
        return [one.id for one in run_checks(include_deployment_checks=True)]

    def test_warns_of_a_filter_that_replaces_the_list(self, settings):
        settings.DEFAULT_EXCEPTION_REPORTER_FILTER = f"{__name__}.OwnFilter"
        assert "smsbat.W030" in self.ids()

    def test_is_content_with_a_filter_that_adds_to_it(self, settings, monkeypatch):
        monkeypatch.setattr(OwnFilter, "hidden_settings", re.compile(error_reports.HIDDEN))
        settings.DEFAULT_EXCEPTION_REPORTER_FILTER = f"{__name__}.OwnFilter"
        assert "smsbat.W030" not in self.ids()

    def test_is_content_with_djangos_own(self):
        assert "smsbat.W030" not in self.ids()
