"""The endpoints behind the full middleware stacks of projects unlike our own."""

import json
import uuid
from urllib.parse import urlencode

import pytest
from django.conf import settings as django_settings
from django.db import OperationalError, connection, connections
from django.test import Client
from django.urls import reverse

from django_smsbat.models import InboundMessage, RecipientList, StatusEvent, Verification
from django_smsbat.signals import inbound_received
from tests.conftest import listening, phone
from tests.endpoints.exchanges import AUTHORISED, INBOUND, REPORT, comparable, of_api, of_webhooks
from tests.endpoints.urls import PUBLIC, own
from tests.settings import SECRET

LOGIN_REQUIRED = "django.contrib.auth.middleware.LoginRequiredMiddleware"
BODIES = {"inbound": INBOUND, "status": REPORT}
MODELS = {"inbound": InboundMessage, "status": StatusEvent}
PREFIXES = [
    "shops/acme",
    "versions/v7",
    "formats/api",
    "groups/v1",
    "en/translated",
    "uk/translated",
]
OF_PROJECTS = ["HidesErrors", "reads_body", "reads_post", "reads_user_afterwards"]


@pytest.fixture
def site(settings, smsbat):
    """The URLs of `tests.endpoints.urls`, behind a stack that redirects unknown users."""
    settings.ROOT_URLCONF = "tests.endpoints.urls"
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, LOGIN_REQUIRED]
    settings.LOGIN_URL = "login"
    settings.SMSBAT = {**settings.SMSBAT, "WEBHOOK_SECRETS": [SECRET]}
    return settings


@pytest.fixture
def visitor(site):
    """A client without cookie and CSRF token."""
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def _atomic_requests(transactional_db, monkeypatch):
    monkeypatch.setitem(django_settings.DATABASES["default"], "ATOMIC_REQUESTS", True)


def post(client, url, body, **options):
    data = body if isinstance(body, str) else json.dumps(body)
    return client.post(url, data, content_type="application/json", **options)


def use(settings, *names):
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE,
        *(f"tests.endpoints.middleware.{name}" for name in names),
    ]


def another(code):
    return str((int(code) + 1) % 1_000_000).zfill(6)


def statuses(responses):
    return [response.status_code for response in responses]


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("name", ["start", "done"])
def test_pages_for_visitors_do_not_ask_for_a_login(visitor, name, method):
    response = getattr(Client(), method)(reverse(f"smsbat-verification:{name}"))
    assert response.status_code == (405 if (method, name) == ("post", "done") else 200)


def test_a_page_without_a_code_leads_to_the_start_and_not_to_the_login(visitor):
    response = visitor.get(reverse("smsbat-verification:check"))
    assert response.url == reverse("smsbat-verification:start")


def test_a_page_of_the_projects_own_does_not_ask_for_a_login(visitor):
    assert visitor.get(reverse("own-start")).status_code == 200


@pytest.mark.parametrize("view", PUBLIC, ids=lambda view: f"{view.__module__}.{view.__name__}")
def test_a_subclass_with_another_dispatch_stays_public_and_outside_transactions(view):
    function = own(view).as_view()
    assert function.login_required is False
    assert function._non_atomic_requests == set(connections)


def test_programs_need_neither_login_nor_csrf_token(visitor, smsbat):
    answered = statuses(of_webhooks(visitor)), statuses(of_api(visitor, smsbat, phone(77)))
    assert [set(of_one) for of_one in answered] == [
        {200, 400, 401, 405, 413, 415},
        {201, 429, 400, 405, 413, 415, 404, 200},
    ]


def test_pages_need_a_csrf_token(visitor):
    assert visitor.post(reverse("smsbat-verification:start"), {}).status_code == 403


@pytest.mark.parametrize(
    "content_type",
    ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"],
)
def test_a_form_of_another_site_starts_nothing(visitor, smsbat, content_type):
    """Browsers send such requests to any site without a preflight."""
    body = {"phone": phone(77), "channel": "sms"}
    for data in (json.dumps(body), urlencode(body)):
        headers = {"origin": "https://evil.example"}
        sent = visitor.post("/api/verify/", data, content_type=content_type, headers=headers)
        assert sent.status_code == 415
    assert smsbat.outbox == []


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("name", ["inbound", "status"])
def test_a_webhook_answers_below_any_prefix(visitor, prefix, name):
    for end in ("/", ""):
        response = post(visitor, f"/{prefix}/smsbat/{name}{end}", BODIES[name], headers=AUTHORISED)
        assert response.status_code == 200
    assert MODELS[name].objects.count() == 1


@pytest.mark.parametrize("prefix", PREFIXES)
def test_the_api_answers_below_any_prefix(visitor, smsbat, prefix):
    url = f"/{prefix}/api/verify/"
    started = post(visitor, url, {"phone": phone(77), "channel": "sms"})
    checked = post(visitor, f"{url}{started.json()['id']}/", {"code": smsbat.outbox[-1].code})
    assert (started.status_code, checked.json()["status"]) == (201, "verified")


@pytest.mark.parametrize("prefix", PREFIXES)
def test_the_pages_lead_through_below_any_prefix(site, smsbat, prefix):
    browser = Client()
    page = browser.get(f"/{prefix}/verify/done/").content.decode()
    assert "/verify/" in page
    asked = browser.post(f"/{prefix}/verify/", {"phone": phone(77), "channel": "sms"})
    done = browser.post(asked.url, {"code": smsbat.outbox[-1].code}, follow=True)
    assert phone(77) in done.content.decode()


@pytest.mark.parametrize("is_appended", [True, False])
@pytest.mark.parametrize("debug", [True, False])
def test_a_webhook_needs_no_slash(visitor, settings, is_appended, debug):
    settings.APPEND_SLASH, settings.DEBUG = is_appended, debug
    response = post(visitor, "/smsbat/status", REPORT, headers=AUTHORISED)
    assert (response.status_code, StatusEvent.objects.count()) == (200, 1)


def test_with_prepend_www_smsbat_needs_the_address_with_www(visitor, settings):
    settings.PREPEND_WWW = True
    settings.ALLOWED_HOSTS = ["shop.example", "www.shop.example"]
    answered = [
        post(visitor, "/smsbat/status/", REPORT, headers={**AUTHORISED, "host": host}).status_code
        for host in settings.ALLOWED_HOSTS
    ]
    assert answered == [301, 200]


def test_with_an_ssl_redirect_smsbat_needs_the_https_address(visitor, settings):
    settings.SECURE_SSL_REDIRECT = True
    answered = [
        post(visitor, "/smsbat/status/", REPORT, headers=AUTHORISED, secure=is_secure).status_code
        for is_secure in (False, True)
    ]
    assert answered == [301, 200]


@pytest.mark.parametrize(("headers", "status"), [(AUTHORISED, 200), ({}, 401)])
def test_the_language_of_a_request_redirects_no_webhook(visitor, headers, status):
    asked = {**headers, "accept-language": "uk"}
    assert post(visitor, "/smsbat/status/", REPORT, headers=asked).status_code == status


@pytest.mark.parametrize("name", OF_PROJECTS)
def test_no_middleware_of_the_project_changes_an_answer(site, smsbat, name):
    def answers(ending):
        client = Client(enforce_csrf_checks=True)
        responses = [*of_webhooks(client), *of_api(client, smsbat, phone(ending))]
        return [comparable(response) for response in responses]

    usual = answers(77)
    use(site, name)
    assert answers(78) == usual


@pytest.mark.parametrize("name", ["inbound", "status"])
def test_what_was_stored_before_a_middleware_failed_is_stored_once(site, transactional_db, name):
    usual = list(site.MIDDLEWARE)
    use(site, "fails_afterwards")
    url, body = f"/smsbat/{name}/", BODIES[name]
    first = post(Client(raise_request_exception=False), url, body, headers=AUTHORISED)
    assert MODELS[name].objects.count() == 1
    site.MIDDLEWARE = usual
    again = post(Client(), url, body, headers=AUTHORISED)
    assert (first.status_code, again.status_code, MODELS[name].objects.count()) == (500, 200, 1)


@pytest.fixture
def full_disk():
    """A database that refuses to insert."""

    def refuse(execute, sql, params, many, context):
        if sql.lstrip().startswith("INSERT"):
            raise OperationalError("the disk is full of +380671112233")
        return execute(sql, params, many, context)

    return lambda: connection.execute_wrapper(refuse)


@pytest.mark.usefixtures("_atomic_requests")
class TestAtomicRequests:
    """With ATOMIC_REQUESTS the view's transaction would end after the response."""

    @pytest.mark.parametrize("name", ["inbound", "status"])
    def test_storing_that_failed_is_503_and_stored_when_it_comes_again(
        self, visitor, full_disk, name
    ):
        url = f"/smsbat/{name}/"
        with full_disk():
            first = post(visitor, url, BODIES[name], headers=AUTHORISED)
        again = post(visitor, url, BODIES[name], headers=AUTHORISED)
        assert (first.status_code, again.status_code) == (503, 200)
        assert b"disk" not in first.content
        assert MODELS[name].objects.count() == 1

    def test_signals_are_sent_once_and_before_the_answer(self, visitor):
        heard = []

        def hear(**kwargs):
            heard.append(connection.in_atomic_block)

        with listening(hear, inbound_received):
            for headers in ({"x-none": "1"}, AUTHORISED, AUTHORISED):
                post(visitor, "/smsbat/inbound/", INBOUND, headers=headers)
        assert heard == [False]

    def test_a_refused_code_stays_counted(self, visitor, smsbat):
        started = post(visitor, "/api/verify/", {"phone": phone(77), "channel": "sms"})
        entered = {"code": another(smsbat.outbox[-1].code)}
        wrong = post(visitor, f"/api/verify/{started.json()['id']}/", entered)
        assert (wrong.status_code, Verification.objects.get().attempts) == (400, 1)

    def test_a_refused_start_leaves_the_earlier_one(self, visitor):
        body = {"phone": phone(77), "channel": "sms"}
        answered = [post(visitor, "/api/verify/", body).status_code for _ in range(2)]
        assert (answered, Verification.objects.count()) == ([201, 429], 1)

    def test_the_pages_count_a_refused_code(self, site, smsbat):
        browser = Client()
        asked = browser.post("/verify/", {"phone": phone(77), "channel": "sms"})
        browser.post(asked.url, {"code": another(smsbat.outbox[-1].code)})
        assert Verification.objects.get().attempts == 1

    @pytest.mark.parametrize("name", ["inbound", "status"])
    def test_a_refusal_rolls_nothing_back_that_surrounds_it(self, site, name):
        """A project's own transaction belongs to the project."""
        use(site, "one_transaction")
        client = Client()
        answered = [
            post(client, f"/smsbat/{name}/", body, headers=AUTHORISED).status_code
            for body in ("{", BODIES[name])
        ]
        assert (answered, MODELS[name].objects.count()) == ([400, 200], 1)
        assert RecipientList.objects.count() == 2

    def test_an_unknown_id_is_404(self, visitor):
        assert post(visitor, f"/api/verify/{uuid.uuid4()}/", {"code": "12"}).status_code == 404
