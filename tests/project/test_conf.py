"""The `SMSBAT` setting: dict, environment, default; errors name the wrong key."""

import re
from datetime import time
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured

from django_smsbat import conf
from django_smsbat.checks import database, deployment
from django_smsbat.conf import Runner
from django_smsbat.gateway.auth import AuthMethod
from django_smsbat.gateway.dialects import Dialect
from django_smsbat.services.accounts import clients as connection

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "example_project"
RIGHT = {
    "BASE_URL": "https://x.example",
    "API_KEY": "k",
    "WEBHOOK_SECRETS": ["a long enough secret"],
}


@pytest.fixture
def configured(settings):
    def configure(**changes):
        settings.SMSBAT = {**RIGHT, **changes}
        return conf.current()

    return configure


def test_the_defaults_are_those_of_the_documents(configured):
    found = configured()
    assert (found.batch_size, found.send_rate, found.status_rate) == (1_000, 100, 50)
    assert (found.dialect, found.auth, found.runner) == (Dialect.MESSAGELIST, None, Runner.THREAD)
    assert (found.default_region, found.quiet_hours) == ("UA", None)


def test_a_missing_key_is_read_from_the_environment(configured, monkeypatch):
    values = {
        "LOGIN": "me",
        "PASSWORD": "$ecret",
        "AUTH": "basic",
        "BATCH_SIZE": "50",
        "SEND_RATE": "2.5",
        "WEBHOOK_SECRET_IN_PATH": "true",
        "QUIET_HOURS": "21:00-08:30",
    }
    for name, value in values.items():
        monkeypatch.setenv(f"SMSBAT_{name}", value)
    found = configured()
    assert (found.login, found.password, found.auth) == ("me", "$ecret", AuthMethod.BASIC)
    assert (found.batch_size, found.send_rate, found.webhook_secret_in_path) == (50, 2.5, True)
    assert found.quiet_hours == (time(21), time(8, 30))


def test_secrets_from_the_environment_are_a_list(settings, monkeypatch):
    settings.SMSBAT = {"BASE_URL": "https://x.example"}
    monkeypatch.setenv("SMSBAT_WEBHOOK_SECRETS", "$one, two ,")
    assert conf.current().webhook_secrets == ("$one", "two")


def test_the_dict_wins_over_the_environment(configured, monkeypatch):
    monkeypatch.setenv("SMSBAT_SENDER", "Env")
    assert configured(SENDER="Dict").sender == "Dict"


def test_a_change_is_seen_at_once(configured):
    assert configured(SENDER="One").sender == "One"
    assert configured(SENDER="Two").sender == "Two"


WRONG = [
    ("BATCH_SIZE", 5_001, "1 to 5,000"),
    ("BATCH_SIZE", True, "whole number"),
    ("TIMEOUT", "soon", "number"),
    ("SEND_RATE", 0, "number"),
    ("AUTH", "token", "header, basic_key, basic"),
    ("DIALECT", "x", "messagelist, overview"),
    ("RUNNER", "celery!", "inline, thread, celery, none"),
    ("WEBHOOK_SECRETS", "just one", "list"),
    ("WEBHOOK_SECRET_IN_PATH", "yes", "True or False"),
    ("DEFAULT_REGION", "Ukraine", "capital letters"),
    ("QUIET_HOURS", "night", "21:00-09:00"),
    ("QUIET_HOURS", "09:00-09:00", "different"),
    ("QUIET_HOURS", "21:00Z-09:00Z", "TIME_ZONE"),
    ("SENDER", 5, "text"),
    ("VERIFY_CALLER_IDS", "+380441234567", "list"),
    ("VERIFY_CALLER_IDS", [380441234567], "list of texts"),
    ("VERIFY_CALLER_IDS", ["+380441234567", "12"], "number 2: not a valid phone number"),
    ("VERIFY_CALLER_IDS", ["+380441234567", "044 123 45 67"], "number 2 is the same as number 1"),
    ("VERIFY_CHANNELS", "sms", "list"),
    ("VERIFY_CHANNELS", [], "at least one of viber_otp, sms, flashcall"),
    ("VERIFY_CHANNELS", ["sms", "pigeon"], "at least one of viber_otp, sms, flashcall"),
    ("VERIFY_CHANNELS", ["viber_promo"], "at least one of viber_otp, sms, flashcall"),
    ("SENDR", "x", "did you mean 'SENDER'"),
    ("NONSENSE", "x", "there are BASE_URL"),
]


@pytest.mark.parametrize(("name", "value", "words"), WRONG)
def test_what_is_wrong_is_named_with_what_would_be_right(configured, name, value, words):
    with pytest.raises(ImproperlyConfigured) as error:
        configured(**{name: value})
    assert name in str(error.value)
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BATCH_SIZE", "many"),
        ("CONCURRENCY", "$OTHER"),
        ("SEND_RATE", "fast"),
        ("WEBHOOK_SECRET_IN_PATH", "maybe"),
    ],
)
def test_a_wrong_word_in_the_environment_is_named_too(configured, monkeypatch, name, value):
    monkeypatch.setenv(f"SMSBAT_{name}", value)
    with pytest.raises(ImproperlyConfigured, match=name):
        configured()


def test_a_setting_that_is_no_dict_is_refused(settings):
    settings.SMSBAT = "x"
    with pytest.raises(ImproperlyConfigured, match="dict"):
        conf.current()


def test_no_secret_is_in_the_repr(configured):
    shown = repr(
        configured(API_KEY="hush", LOGIN="hush", PASSWORD="hush", WEBHOOK_SECRETS=["hush"])
    )
    assert "hush" not in shown


def test_a_changed_setting_makes_another_client(configured):
    configured()
    first = connection.client()
    assert connection.client() is first
    configured(BASE_URL="https://y.example")
    assert connection.client() is not first


def found_ids(**options):
    # Only these tags: Django's own model checks may query the database.
    found = run_checks(tags=["compatibility", "security"], **options)
    return {message.id for message in found if (message.id or "").startswith("smsbat")}


def test_a_site_that_is_configured_well_hears_nothing(configured):
    configured()
    assert found_ids() == set()
    assert found_ids(include_deployment_checks=True) == set()


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"NONSENSE": 1}, "smsbat.E001"),
        ({"API_KEY": ""}, "smsbat.E002"),
        ({"AUTH": "basic", "LOGIN": "me"}, "smsbat.E002"),
        ({"API_KEY": "zwei\nZeilen"}, "smsbat.E002"),
        ({"BASE_URL": ""}, "smsbat.E003"),
        ({"BASE_URL": "x"}, "smsbat.E003"),
        ({"BASE_URL": "https://[::1"}, "smsbat.E003"),
        ({"BASE_URL": "http://x.example"}, "smsbat.E004"),
        ({"BASE_URL": "HTTP://localhost@x.example"}, "smsbat.E004"),
        ({"BASE_URL": "http://127.0.0.1.x.example"}, "smsbat.E004"),
        ({"BATCH_SIZE": 5_001}, "smsbat.E005"),
        ({"LEASE": 60, "TIMEOUT": 30}, "smsbat.E006"),
        ({"WEBHOOK_SECRETS": []}, "smsbat.W001"),
    ],
)
def test_each_misconfiguration_has_its_id(settings, changes, check):
    settings.SMSBAT = {**RIGHT, **changes}
    assert found_ids() == {check}


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"WEBHOOK_SECRETS": ["short"]}, "smsbat.W002"),
        ({"WEBHOOK_SECRETS": ["ababababababababababab"]}, "smsbat.W002"),
        ({"WEBHOOK_SECRETS": ["A-Long-Random-Secret"]}, "smsbat.W002"),
        ({"WEBHOOK_SECRETS": ["0a6cd1f9e24b7835", "x" * 40]}, "smsbat.W002"),
        ({"WEBHOOK_SECRET_IN_PATH": True}, "smsbat.W003"),
        ({"BASE_URL": "http://127.0.0.1:8025"}, "smsbat.W004"),
        ({"BASE_URL": "http://127.0.0.2:8025"}, "smsbat.W004"),
        ({"BASE_URL": "http://sandbox.localhost:8025"}, "smsbat.W004"),
    ],
)
def test_what_is_wrong_in_production_is_said_by_check_deploy(configured, changes, check):
    configured(**changes)
    assert found_ids() == set()
    assert found_ids(include_deployment_checks=True) == {check}


def test_every_secret_that_the_documentation_shows_is_weak():
    files = [ROOT / "README.rst", *(ROOT / "docs").rglob("*.rst"), *EXAMPLE.rglob("*.py")]
    listed = re.compile(r"""["'](?:SMSBAT_)?WEBHOOK_SECRETS["'](?::\s*|,\s*default=)(\[[^\]]*\])""")
    shown = {
        secret
        for path in files
        for found in listed.findall(path.read_text(encoding="utf-8"))
        for secret in re.findall(r"""["']([^"'\s()]+)["']""", found.split("env(")[0])
    }
    assert shown == deployment.EXAMPLE_SECRETS


@pytest.mark.django_db
def test_sqlite_without_its_two_options_is_warned_of(monkeypatch):
    from django.db import connections

    if connections["default"].vendor != "sqlite":
        pytest.skip("about SQLite only")
    assert database.check_database(None, databases=["default"]) == []
    monkeypatch.setitem(connections["default"].settings_dict, "OPTIONS", {})
    monkeypatch.setattr(database, "_is_wal", lambda connection: False)
    found = [message.id for message in database.check_database(None, databases=["default"])]
    assert found == ["smsbat.W007", "smsbat.W008"]


def test_e_mails_need_a_sender_and_an_end(configured, settings):
    configured(EMAIL_FALLBACK=True)
    assert found_ids(include_deployment_checks=True) == {"smsbat.W005", "smsbat.W006"}
    settings.DEFAULT_FROM_EMAIL = "shop@example.com"
    if hasattr(settings, "MAILERS"):  # Django 6.1
        settings.MAILERS = {"default": {"OPTIONS": {"timeout": 20}}}
    else:
        settings.EMAIL_TIMEOUT = 20
    assert found_ids(include_deployment_checks=True) == set()


@pytest.mark.django_db
def test_what_needs_a_person_is_said_where_a_deployment_is_checked_with_its_database(queued):
    def told():
        found = run_checks(tags=["database"], databases=["default"], include_deployment_checks=True)
        return [message.msg for message in found if message.id == "smsbat.W009"]

    assert told() == []
    queued(status="unconfirmed")
    assert "unconfirmed" in told()[0]
