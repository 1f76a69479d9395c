"""An error before the first byte of a request leaves all messages in the queue."""

import io
import os
import ssl
import subprocess
import sys
from collections import Counter

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from django.utils import timezone
from django.views.debug import ExceptionReporter

from django_smsbat import send
from django_smsbat.messages import Sms
from django_smsbat.models import Message, Recipient, RecipientList, Suppression, Verification
from django_smsbat.services.campaigns import lifecycle
from django_smsbat.services.sending import delivery, worker
from django_smsbat.services.verification import codes, starting
from django_smsbat.verification.api import StartView
from tests.conftest import client_for, phone
from tests.support.broken_servers import (
    Authority,
    answer_in_plain_http,
    broken_server,
    read_and_close,
    read_and_reset,
    stay_silent,
)
from tests.support.paths import ROOT
from tests.support.scripted import ScriptedClient, answer_by_phone

pytestmark = pytest.mark.django_db
MANY = 300
TEXT = "Words that no error report may show"
CODE = "482913"


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def large_campaign(campaign, settings):
    settings.SMSBAT = {**settings.SMSBAT, "BATCH_SIZE": 100}
    everybody = RecipientList.objects.create(name="All")
    people = [Recipient(phone=phone(1_000_077 + 100 * n)) for n in range(MANY)]
    everybody.recipients.set(Recipient.objects.bulk_create(people))
    made = campaign(text=TEXT)
    lifecycle.launch(made)
    return made


def statuses():
    return Counter(Message.objects.values_list("status", flat=True))


def speak_an_old_version(server, folder):
    context = Authority(folder).context()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    return lambda connection: context.wrap_socket(connection, server_side=True)


def refuse_the_tunnel(server):
    def handler(connection):
        server.read_request(connection)
        connection.sendall(b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n")

    return handler


def talk_nonsense(server):
    def handler(connection):
        server.read_request(connection)
        connection.sendall(b"220 mail.example ESMTP\r\n")

    return handler


class TestCampaign:
    """A campaign with requests that never begin: all messages wait, and the admins are notified."""

    def run(self, made, clock, url):
        client = client_for(url, timeout=0.3)
        summary = worker.submit_queued(client=client, clock=clock)
        client.close()
        made.refresh_from_db()
        assert statuses() == {"queued": MANY}
        assert summary.failure or summary.paused
        return made

    @pytest.mark.parametrize("behaviour", [read_and_close, read_and_reset, stay_silent])
    def test_a_handshake_that_breaks_off_is_tried_again_later(
        self, large_campaign, clock, behaviour
    ):
        with broken_server(behaviour) as server:
            made = self.run(large_campaign, clock, f"https://127.0.0.1:{server.port}")
        assert made.status == "sending"

    def test_a_port_without_tls_pauses_it(self, large_campaign, clock):
        with broken_server(answer_in_plain_http) as server:
            made = self.run(large_campaign, clock, f"https://127.0.0.1:{server.port}")
        assert (made.status, "BASE_URL https://" in made.pause_reason) == ("paused", True)

    @pytest.mark.filterwarnings("ignore::DeprecationWarning")
    def test_an_old_version_of_tls_pauses_it(self, large_campaign, clock, tmp_path):
        with broken_server(lambda server: speak_an_old_version(server, tmp_path)) as server:
            made = self.run(large_campaign, clock, f"https://127.0.0.1:{server.port}")
        assert made.status == "paused"

    @pytest.mark.parametrize(
        ("behaviour", "status"),
        [(read_and_close, "sending"), (refuse_the_tunnel, "paused"), (talk_nonsense, "paused")],
    )
    def test_a_proxy_without_a_tunnel(self, large_campaign, clock, monkeypatch, behaviour, status):
        with broken_server(behaviour) as proxy:
            monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
            made = self.run(large_campaign, clock, "https://smsbat.example")
        assert made.status == status
        reasons = {made.pause_reason, *Message.objects.values_list("error_message", flat=True)}
        assert any("HTTPS_PROXY" in reason for reason in reasons)

    def test_a_ca_bundle_that_is_gone_pauses_it(self, large_campaign, clock, monkeypatch):
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nonexistent/ca.pem")
        made = self.run(large_campaign, clock, "https://127.0.0.1:9")
        assert made.status == "paused"
        assert "REQUESTS_CA_BUNDLE /nonexistent/ca.pem, does not exist" in made.pause_reason

    def test_a_bug_before_the_request_pauses_it(self, large_campaign, clock, monkeypatch):
        monkeypatch.setattr("requests.Session.prepare_request", lambda *_: 1 / 0)
        made = self.run(large_campaign, clock, "https://127.0.0.1:9")
        assert made.pause_reason == "the request could not be started (ZeroDivisionError)"

    def test_what_is_lost_after_the_request_is_in_doubt(self, large_campaign, clock):
        with broken_server(lambda server: server.read_request) as server:
            client = client_for(f"http://127.0.0.1:{server.port}", timeout=5)
            worker.submit_queued(client=client, clock=clock)
            client.close()
        assert statuses() == {"unconfirmed": 100 * len(server.requests)} | (
            {"queued": MANY - 100 * len(server.requests)} if len(server.requests) < 3 else {}
        )


class Failing(ScriptedClient):
    """Raises the configured error before the request begins."""

    def __init__(self, error, after=0):
        super().__init__([answer_by_phone()] * 3)
        self.error = error
        self.after = after

    def send(self, messages, *, before_leaving=None):
        if len(self.sent) == self.after:
            raise self.error
        return super().send(messages, before_leaving=before_leaving)


class Interrupted(Failing):
    """Reports whether its request has begun, as the client does."""

    has_left = False


class TestUnexpectedException:
    """Any exception may occur between the claim and the first byte."""

    @pytest.mark.parametrize("error", [RuntimeError("x"), MemoryError(), KeyError(), OSError()])
    def test_the_batch_is_queued_again_with_the_reason(self, large_campaign, clock, error):
        with pytest.raises(type(error)):
            worker.submit_queued(client=Failing(error, after=1), clock=clock)
        assert statuses() == {"accepted": 100, "queued": MANY - 100}
        waiting = Message.objects.filter(error_code="not_started")
        assert waiting.count() == 100
        assert type(error).__name__ in waiting[0].error_message

    @pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(), GeneratorExit()])
    def test_an_interruption_before_the_first_byte_queues_it_again(
        self, large_campaign, clock, error
    ):
        with pytest.raises(type(error)):
            worker.submit_queued(client=Interrupted(error), clock=clock)
        assert statuses() == {"queued": MANY}

    def test_the_next_run_sends_it_once(self, large_campaign, clock):
        with pytest.raises(RuntimeError):
            worker.submit_queued(client=Failing(RuntimeError()), clock=clock)
        client = ScriptedClient([answer_by_phone()] * 3)
        worker.submit_queued(client=client, clock=clock)
        assert Counter(client.phones) == Counter(Message.objects.values_list("to", flat=True))

    def test_the_database_may_fail_too(self, large_campaign, clock, monkeypatch):
        def failing(self, part):
            raise DatabaseError("away")

        monkeypatch.setattr(delivery.Delivery, "_make_sure", failing)
        client = client_for("http://127.0.0.1:9")
        with pytest.raises(DatabaseError):
            worker.submit_queued(client=client, clock=clock)
        client.close()
        assert statuses() == {"queued": MANY}

    def test_a_single_message_waits_for_the_workers(self, monkeypatch, settings):
        settings.SMSBAT = {**settings.SMSBAT, "BASE_URL": "https://127.0.0.1:9"}
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nonexistent/ca.pem")
        message = send(Sms(to=phone(77), text=TEXT))
        assert (message.status, message.error_code) == ("queued", "ca_bundle")

    def test_the_command_says_so_in_one_line(self, queued, monkeypatch):
        queued(77, text=TEXT)
        monkeypatch.setattr(
            delivery.Delivery, "_make_sure", lambda self, part: {}[part[0].to + TEXT]
        )
        with pytest.raises(CommandError) as error:
            call_command("smsbat_send", stdout=io.StringIO())
        assert str(error.value).startswith(
            "unexpected: KeyError in django_smsbat/services/sending/delivery.py"
        )
        assert "\n" not in str(error.value)
        assert TEXT not in str(error.value)
        assert statuses() == {"queued": 1}


class TestVerification:
    """A code that certainly was not sent is a failed verification."""

    @pytest.fixture(autouse=True)
    def _known_code(self, monkeypatch):
        monkeypatch.setattr(codes, "new", lambda length: CODE[:length])

    def test_a_ca_bundle_that_is_gone(self, monkeypatch, settings):
        settings.SMSBAT = {**settings.SMSBAT, "BASE_URL": "https://127.0.0.1:9"}
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nonexistent/ca.pem")
        made = starting.start(phone(77))
        assert (made.status, made.message.error_code) == ("failed", "ca_bundle")

    def test_a_server_without_tls(self, settings):
        with broken_server(answer_in_plain_http) as server:
            url = f"https://127.0.0.1:{server.port}"
            settings.SMSBAT = {**settings.SMSBAT, "BASE_URL": url}
            made = starting.start(phone(77))
        assert (made.status, made.message.error_code) == ("failed", "tls_failed")

    @pytest.mark.parametrize("error", [RuntimeError("+380671112233"), OSError()])
    def test_an_unexpected_exception(self, clock, caplog, error):
        made = starting.start(phone(77), client=Failing(error), clock=clock)
        made.refresh_from_db()
        assert (made.status, made.message.error_code) == ("failed", "not_started")
        assert type(error).__name__ in caplog.text
        assert "+380671112233" not in caplog.text

    def test_an_interruption_before_the_first_byte(self, clock):
        with pytest.raises(KeyboardInterrupt):
            starting.start(phone(77), client=Interrupted(KeyboardInterrupt()), clock=clock)
        assert Verification.objects.get().status == "failed"

    def test_the_api_answers_503(self, rf, monkeypatch, settings):
        settings.SMSBAT = {**settings.SMSBAT, "BASE_URL": "https://127.0.0.1:9"}
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nonexistent/ca.pem")
        request = rf.post("/", {"phone": phone(77)}, content_type="application/json")
        assert StartView.as_view()(request).status_code == 503


def report_of(raising):
    with pytest.raises(DatabaseError) as raised:
        raising()
    reporter = ExceptionReporter(None, raised.type, raised.value, raised.tb)
    shown = reporter.get_traceback_html() + reporter.get_traceback_text()
    # Other error reporters show every one of our frames, even those that Django hides.
    for entry in raised.traceback:
        if "django_smsbat" in str(entry.path):
            shown += "".join(map(repr, entry.frame.f_locals.values()))
    return shown


class TestErrorReports:
    """The frames of an unexpected exception contain no phone, text or code."""

    @pytest.fixture(autouse=True)
    def _failing(self, monkeypatch):
        monkeypatch.setattr(codes, "new", lambda length: CODE[:length])
        self.monkeypatch = monkeypatch

    def fail(self, target):
        def failing(*_args, **_options):
            raise DatabaseError("the database is away")

        self.monkeypatch.setattr(target, failing)

    def assert_private(self, shown):
        assert "the database is away" in shown
        for secret in (phone(77), TEXT, CODE):
            assert secret not in shown

    @pytest.mark.parametrize("key", [None, "order-1"])
    @pytest.mark.parametrize(
        "target",
        [
            "django_smsbat.services.sending.delivery.lease_from",
            "django_smsbat.services.tracking.recorder.record",
            "django_smsbat.services.sending.claiming.claim_singles",
            "django_smsbat.services.sending.claiming.suppression.among",
            "django_smsbat.services.sending.claiming._hold",
            "django_smsbat.models.Message.save",
            "django_smsbat.models.message.MessageQuerySet.bulk_create",
        ],
    )
    def test_of_a_message(self, sandbox, settings, target, key):
        if "lease_from" in target:
            settings.SMSBAT = {**settings.SMSBAT, "LEASE": 1}
        if key is None and target.endswith("save"):
            pytest.skip("only a message with a key is saved alone")
        if key is not None and target.endswith("bulk_create"):
            pytest.skip("only a message without a key is stored with others")
        Suppression.objects.create(digest="of somebody else", at=timezone.now())
        self.fail(target)
        message = Sms(to=phone(77), text=TEXT)
        self.assert_private(report_of(lambda: send(message, idempotency_key=key)))

    @pytest.mark.parametrize(
        "target",
        [
            "django_smsbat.models.Verification.save",
            "django_smsbat.services.verification.limits.draw",
            "django_smsbat.services.verification.breaker.insist_on_open",
            "django_smsbat.services.sending.backoff.forget_after_success",
            "django_smsbat.services.verification.secret_message.store",
        ],
    )
    @pytest.mark.parametrize("door", ["service", "api"])
    def test_of_a_code(self, sandbox, target, door, rf):
        self.fail(target)
        request = rf.post(
            "/", {"phone": phone(77), "channel": "sms"}, content_type="application/json"
        )
        doors = {
            "service": lambda: starting.start(phone(77), "sms"),
            "api": lambda: StartView.as_view()(request),
        }
        self.assert_private(report_of(doors[door]))


@pytest.mark.slow
def test_a_process_ends_with_one_line_and_exit_code_1(tmp_path):
    """A worker on a machine without certificates claims no message permanently."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "example_project.settings",
        "DATABASE_URL": f"sqlite:///{tmp_path}/site.sqlite3",
        "SMSBAT_BASE_URL": "https://127.0.0.1:9",
        "SMSBAT_API_KEY": "sandbox-key",
        "SMSBAT_SENDER": "AcmeShop",
        "SMSBAT_BATCH_SIZE": "100",
        "REQUESTS_CA_BUNDLE": "/nonexistent/ca.pem",
    }
    prepare = (
        "from django_smsbat import send_many; from django_smsbat.messages import Sms;"
        "send_many([Sms(to=f'+38067{1000077 + n:07}', text='x') for n in range(300)], queue=True)"
    )
    count = (
        "from django_smsbat.models import Message;"
        "print(sorted(set(Message.objects.values_list('status', flat=True))))"
    )

    def manage(*arguments):
        command = [sys.executable, str(ROOT / "manage.py"), *arguments]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=120, check=False
        )

    assert manage("migrate", "-v0").returncode == 0
    environment["SMSBAT_RUNNER"] = "none"
    assert manage("shell", "--no-imports", "-c", prepare).returncode == 0
    for _ in range(2):
        done = manage("smsbat_send")
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        (line,) = [one for one in done.stderr.splitlines() if one.startswith("CommandError")]
        assert "REQUESTS_CA_BUNDLE /nonexistent/ca.pem, does not exist" in line
    assert manage("shell", "--no-imports", "-c", count).stdout.strip() == "['queued']"
