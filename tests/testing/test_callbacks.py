"""Callbacks of the test kit reach the webhooks, whatever the site redirects and allows."""

import os
import subprocess
import sys

import pytest
from django.http import HttpResponse, HttpResponsePermanentRedirect, JsonResponse

from django_smsbat import send
from django_smsbat.messages import Sms
from django_smsbat.models import InboundMessage
from tests.conftest import phone
from tests.testing.test_gateway import ROOT

HERE = "tests.testing.test_callbacks"
SHELL = """
from django_smsbat import send
from django_smsbat.messages import Sms
from django_smsbat.models import Message
from django_smsbat.testing import FakeGateway
with FakeGateway() as smsbat:
    message = send(Sms(to="+380670000077", text="Hi"))
    smsbat.report(message, "delivered")
    smsbat.write_back("+380670000077", "Thanks")
    print(Message.objects.get().status)
"""


def broken(_get_response):
    return lambda _request: HttpResponse("<html>" + "<p>long</p>" * 1_000, status=500)


def refusing(_get_response):
    return lambda _request: JsonResponse({"detail": "no\n such thing"}, status=403)


def moving(_get_response):
    return lambda _request: HttpResponsePermanentRedirect("/elsewhere/")


def looping(_get_response):
    return lambda request: HttpResponsePermanentRedirect(
        f"https://{request.get_host()}{request.path}"
    )


def canonical(get_response):
    """Redirect every host but one, as many sites do."""

    def middleware(request):
        if request.get_host() == "shop.example":
            return get_response(request)
        return HttpResponsePermanentRedirect(f"https://shop.example{request.path}")

    return middleware


@pytest.mark.parametrize(
    "changes",
    [
        {"ALLOWED_HOSTS": ["shop.example"]},
        {"ALLOWED_HOSTS": [".shop.example"]},
        {"ALLOWED_HOSTS": []},
        {"ALLOWED_HOSTS": ["*"]},
        {"ALLOWED_HOSTS": ["[::1]"]},
        {"PREPEND_WWW": True},
        {"PREPEND_WWW": True, "ALLOWED_HOSTS": ["www.shop.example"]},
        {"SECURE_SSL_REDIRECT": True},
        {"SECURE_SSL_REDIRECT": True, "SECURE_SSL_HOST": "shop.example"},
        {
            "SECURE_SSL_REDIRECT": True,
            "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"),
        },
        {"MIDDLEWARE": [f"{HERE}.canonical"]},
        {"PREPEND_WWW": True, "SECURE_SSL_REDIRECT": True, "APPEND_SLASH": True},
    ],
)
def test_a_callback_arrives(smsbat, settings, changes):
    for name, value in changes.items():
        setattr(settings, name, value)
    smsbat.write_back(phone(77), "Hi")
    assert InboundMessage.objects.count() == 1


@pytest.mark.parametrize(
    ("middleware", "sentence"),
    [
        ("broken", "the site answered 500 (Internal Server Error) to a callback to {url}"),
        ("refusing", 'the site answered 403 (Forbidden) to a callback to {url}: {{"detail": '),
        ("moving", "the site answered 301 (Moved Permanently) to a callback to {url}, a redirect"),
        ("looping", "the site answered 301 (Moved Permanently) to a callback to {url}, a redirect"),
    ],
)
def test_what_does_not_arrive_is_told_in_one_sentence(smsbat, settings, middleware, sentence):
    message = send(Sms(to=phone(77), text="Hi"))
    settings.MIDDLEWARE = [f"{HERE}.{middleware}"]
    with pytest.raises(AssertionError) as failure:
        smsbat.report(message, "delivered")
    told = str(failure.value)
    assert told.startswith(sentence.format(url="/smsbat/status/"))
    assert "<" not in told
    assert "\n" not in told


@pytest.mark.slow
@pytest.mark.parametrize("hosts", ["shop.example", "localhost,127.0.0.1"])
def test_it_works_at_a_shell_prompt(tmp_path, hosts):
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "example_project.settings",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'shell.sqlite3'}",
        "ALLOWED_HOSTS": hosts,
    }
    for arguments in (["migrate", "-v0"], ["shell", "--no-imports", "-c", SHELL]):
        done = subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "delivered"
