"""The endpoints respond the same under any REST_FRAMEWORK of the project."""

import os
import subprocess
import sys
from collections import Counter

import pytest
from rest_framework import generics, parsers, renderers, versioning, views
from rest_framework import settings as rest_settings
from rest_framework.settings import api_settings

from tests.conftest import phone
from tests.endpoints.exchanges import comparable, of_api, of_webhooks
from tests.endpoints.hostile import HOSTILE
from tests.settings import SECRET
from tests.support.paths import ROOT

# DRF reads these settings once, on import, into class attributes.
BOUND = {
    "DEFAULT_RENDERER_CLASSES": [(views.APIView, "renderer_classes")],
    "DEFAULT_PARSER_CLASSES": [(views.APIView, "parser_classes")],
    "DEFAULT_AUTHENTICATION_CLASSES": [(views.APIView, "authentication_classes")],
    "DEFAULT_PERMISSION_CLASSES": [(views.APIView, "permission_classes")],
    "DEFAULT_THROTTLE_CLASSES": [(views.APIView, "throttle_classes")],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": [(views.APIView, "content_negotiation_class")],
    "DEFAULT_METADATA_CLASS": [(views.APIView, "metadata_class")],
    "DEFAULT_VERSIONING_CLASS": [(views.APIView, "versioning_class")],
    "DEFAULT_PAGINATION_CLASS": [(generics.GenericAPIView, "pagination_class")],
    "DEFAULT_FILTER_BACKENDS": [(generics.GenericAPIView, "filter_backends")],
    "COMPACT_JSON": [(renderers.JSONRenderer, "compact")],
    "STRICT_JSON": [(renderers.JSONRenderer, "strict"), (parsers.JSONParser, "strict")],
    "DEFAULT_VERSION": [(versioning.BaseVersioning, "default_version")],
    "ALLOWED_VERSIONS": [(versioning.BaseVersioning, "allowed_versions")],
    "VERSION_PARAM": [(versioning.BaseVersioning, "version_param")],
    "UNICODE_JSON": [(renderers.JSONRenderer, "ensure_ascii")],  # its opposite
}
_USUAL = []
CASES = [{name: value} for name, values in HOSTILE.items() for value in values] + [
    {"DEFAULT_VERSIONING_CLASS": kind, "ALLOWED_VERSIONS": ["v1"], "DEFAULT_VERSION": default}
    for kind in HOSTILE["DEFAULT_VERSIONING_CLASS"]
    for default in (None, "v1", "v9")
]


def adopt(settings, monkeypatch, own):
    """Apply the settings as if the project had them from the start."""
    settings.REST_FRAMEWORK = own
    for name, value in own.items():
        for owner, attribute in BOUND.get(name, ()):
            read = not value if name == "UNICODE_JSON" else getattr(api_settings, name)
            monkeypatch.setattr(owner, attribute, read)


@pytest.fixture
def answers(client, smsbat, settings):
    """Return all responses, with another phone on each call."""
    settings.SMSBAT = {**settings.SMSBAT, "WEBHOOK_SECRETS": [SECRET]}
    endings = iter(("0000077", "0000078"))

    def ask():
        responses = [*of_webhooks(client), *of_api(client, smsbat, phone(next(endings)))]
        return [comparable(response) for response in responses]

    return ask


@pytest.fixture
def usual(answers):
    """The responses under the tests' own settings, computed once."""
    if not _USUAL:
        _USUAL.extend(answers())
    return _USUAL


def test_every_setting_of_drf_is_tried():
    assert set(rest_settings.DEFAULTS) <= set(HOSTILE)


def test_the_answers_are_of_many_kinds(answers):
    """Control: otherwise the comparison would prove little."""
    statuses = Counter(answer[0] for answer in answers())
    assert set(statuses) == {200, 201, 400, 401, 404, 405, 413, 415, 429}


@pytest.mark.parametrize("own", CASES, ids=str)
def test_no_setting_of_the_project_changes_an_answer(answers, usual, settings, monkeypatch, own):
    adopt(settings, monkeypatch, own)
    for before, after in zip(usual, answers(), strict=True):
        assert after == before


@pytest.mark.slow
@pytest.mark.once
def test_the_endpoints_own_tests_pass_with_all_hostile_settings_at_once():
    """Run in a separate process, where DRF binds the settings to its classes as in production."""
    tests = ["tests/webhooks/test_status.py", "tests/webhooks/test_inbound.py"]
    tests += ["tests/verification/test_api.py"]
    options = ["-q", "-n", "0", "-p", "no:cacheprovider", "-m", "not slow"]
    settings = ["--ds", "tests.endpoints.hostile_settings"]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *settings, *tests],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != "DATABASE_URL"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-3_000:] + ran.stderr[-1_000:]
