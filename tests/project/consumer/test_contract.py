"""The public contract: every promised name exists, and a project that uses no others works.

A change to a list here changes a promise.
"""

import ast
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class
from django.urls import reverse

import django_smsbat
from django_smsbat import conf, messages, models, signals, testing, verification
from django_smsbat.gateway.message_types import MessageType
from django_smsbat.gateway.statuses import Status
from django_smsbat.models import Message, Recipient
from tests.support.paths import ROOT

HERE = Path(__file__).parent
# Modules that promise every name in their `__all__`, or in a list below.
PUBLIC = {
    "django_smsbat",
    "django_smsbat.campaigns",
    "django_smsbat.inbound",
    "django_smsbat.messages",
    "django_smsbat.models",
    "django_smsbat.monitoring",
    "django_smsbat.recipients",
    "django_smsbat.services",
    "django_smsbat.signals",
    "django_smsbat.testing",
    "django_smsbat.verification",
}
SETTINGS = [
    "BASE_URL",
    "API_KEY",
    "LOGIN",
    "PASSWORD",
    "AUTH",
    "SENDER",
    "DIALECT",
    "TIMEOUT",
    "LEASE",
    "BATCH_SIZE",
    "SEND_RATE",
    "STATUS_RATE",
    "CONCURRENCY",
    "RATE_LIMIT_STORAGE",
    "RUNNER",
    "WEBHOOK_SECRETS",
    "WEBHOOK_SECRET_IN_PATH",
    "DEFAULT_REGION",
    "OPT_OUT_KEYWORDS",
    "QUIET_HOURS",
    "RESEND_UNCONFIRMED",
    "EMAIL_FALLBACK",
    "ACCOUNTS",
    "OPT_IN_KEYWORDS",
    "OPT_OUT_CONFIRMATION",
    "OPT_IN_CONFIRMATION",
    "OPT_OUT_CONFIRMATIONS_PER_HOUR",
    "INBOUND_UNKNOWN_PER_HOUR",
    "UNKNOWN_REPORTS_PER_HOUR",
    "CONFIRM_ABOVE",
    "APPROVE_ABOVE",
    "VERIFY_CALLER_IDS",
    "VERIFY_CHANNELS",
    "VERIFY_CODE_LENGTH",
    "VERIFY_LIFETIME",
    "VERIFY_ATTEMPTS",
    "VERIFY_FAILURES_PER_DAY",
    "VERIFY_GUARD",
    "VERIFY_NUMBER_TYPES",
    "VERIFY_COOLDOWN",
    "VERIFY_PER_PHONE",
    "VERIFY_PER_ADDRESS",
    "VERIFY_PER_HOUR",
    "VERIFY_COUNTRIES",
    "VERIFY_PREFIXES",
    "VERIFY_BREAKER_AFTER",
    "VERIFY_BREAKER_SHARE",
    "VERIFY_TEMPLATE",
    "VERIFY_TEMPLATE_PARAMS",
    "VERIFY_TEXT",
    "VERIFY_ACCOUNT",
]
COMMANDS = {
    "smsbat_send": "--campaign --limit --watch",
    "smsbat_sync": "--campaign --limit --watch --rebuild",
    "smsbat_import": "--list --column --dry-run --restart --rejects --uploaded",
    "smsbat_sandbox": "--host --port --latency-ms --callback-url --speed --fault --journal",
    "smsbat_status": "--json --strict",
    "smsbat_settle": "--campaign --resend --give-up",
    "smsbat_purge": "--older-than --keep-rows",
}
FIELDS = {
    "Recipient": "phone name email attributes opted_out_at",
    "RecipientList": "name recipients",
    "Campaign": "name is_transactional status pause_reason type sender text message_data ttl "
    "fallback_text lists scheduled_at started_at finished_at account",
    "Message": "campaign recipient to type sender text message_data ttl fallback_text status "
    "smsbat_id messagelist_id parts cost currency attempts error_code error_message created_at "
    "submitted_at final_at account",
    "StatusEvent": "message smsbat_id status raw_status source occurred_at recorded_at payload "
    "account",
    "InboundMessage": "id_uuid alpha_name phone text received_at recipient payload account",
    "Verification": "id phone channel purpose status message attempts created_at expires_at "
    "finished_at",
}
STATUSES = [
    "queued",
    "sending",
    "unconfirmed",
    "accepted",
    "scheduled",
    "processing",
    "sent",
    "rejected",
    "cancelled",
    "undeliverable",
    "expired",
    "failed",
    "delivered",
    "read",
]
TYPES = [
    "sms",
    "viber_promo",
    "viber_trans",
    "viber_carousel",
    "viber_survey",
    "viber_otp",
    "rcs",
    "flashcall",
]
CLASSES = [
    "Sms",
    "ViberPromo",
    "ViberTransactional",
    "ViberCarousel",
    "CarouselItem",
    "Button",
    "ViberSurvey",
    "ViberOtp",
    "Rcs",
    "Media",
    "OpenUrl",
    "Dial",
    "ShareLocation",
    "CreateCalendarEvent",
    "FlashCall",
    "InvalidMessage",
    "RcsButton",
    "RcsCard",
]
SIGNALS = [
    "message_status_changed",
    "inbound_received",
    "campaign_finished",
    "phone_verified",
    "recipient_opted_in",
    "recipient_opted_out",
    "verification_prefix_closed",
]
VERIFICATION = [
    "start",
    "check",
    "verified_phone",
    "astart",
    "acheck",
    "NotStarted",
    "Why",
    "Channel",
    "averified_phone",
    "take",
    "atake",
    "Checked",
    "VerificationStatus",
]


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module.startswith("django_smsbat"):
            yield from ((node.module, alias.name) for alias in node.names)


@pytest.mark.parametrize("name", ["shop", "shop_tests"])
def test_the_shop_knows_nothing_but_the_contract(name):
    for module, imported_name in imported(HERE / f"{name}.py"):
        assert module in PUBLIC, module
        if module == "django_smsbat.services":
            assert imported_name == "campaigns"


@pytest.mark.slow
@pytest.mark.once
def test_the_shop_lives(tmp_path):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error"]
    environment = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
    ran = subprocess.run(
        [
            *command,
            "--ds",
            "tests.project.consumer.settings",
            "tests/project/consumer/shop_tests.py",
        ],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert " passed" in ran.stdout


def test_settings():
    assert set(SETTINGS) == set(conf.KEYS)


@pytest.mark.parametrize(("name", "options"), COMMANDS.items())
def test_commands_and_their_options(name, options):
    command = load_command_class(get_commands()[name], name)
    parser = command.create_parser("manage.py", name)
    known = {option for action in parser._actions for option in action.option_strings}
    assert set(options.split()) <= known


@pytest.mark.parametrize(("name", "fields"), FIELDS.items())
def test_models_and_their_fields(name, fields):
    model = getattr(models, name)
    assert set(fields.split()) <= {field.name for field in model._meta.get_fields()}


def test_the_id_on_the_wire():
    assert isinstance(models.Message.customer_message_id, property)


def test_statuses_and_types():
    assert [status.value for status in Status] == STATUSES
    assert {kind.value for kind in MessageType} == set(TYPES)
    sources = {source.value for source in models.Source}
    assert sources == {"submit", "poll", "callback", "local"}


def test_addresses():
    assert reverse("smsbat:inbound").endswith("inbound/")
    assert reverse("smsbat:status").endswith("status/")


def test_python():
    assert {"send", "send_many", "asend", "asend_many"} <= set(django_smsbat.__all__)
    assert set(CLASSES) <= set(messages.__all__)
    assert all(hasattr(signals, name) for name in SIGNALS)
    assert set(VERIFICATION) <= set(verification.__all__)
    assert {"FakeGateway", "SmsbatTestMixin", "running_sandbox"} <= set(testing.__all__)
    from django_smsbat.services import campaigns

    assert {"launch", "pause", "resume", "cancel"} <= set(campaigns.__all__)


FACADES = {
    "campaigns": "launch schedule pause resume cancel retry_failed duplicate ActionNotAllowed",
    "recipients": "opt_out opt_in erase timeline",
    "inbound": "conversation reply",
    "monitoring": "health",
}


@pytest.mark.parametrize("name", FACADES)
def test_a_facade_has_its_promised_names(name):
    module = import_module(f"django_smsbat.{name}")
    assert set(FACADES[name].split()) <= set(module.__all__)
    assert all(hasattr(module, one) for one in module.__all__)


def test_the_statuses_are_imported_from_the_package():
    from django_smsbat import Status

    assert [status.value for status in Status] == STATUSES


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "is_final", "is_delivered", "is_failed"),
    [
        ("queued", False, False, False),
        ("unconfirmed", False, False, False),
        ("delivered", True, True, False),
        ("read", True, True, False),
        ("failed", True, False, True),
    ],
)
def test_a_message_answers_for_its_status(status, is_final, is_delivered, is_failed):
    message = Message(status=status)
    found = (message.is_final, message.is_delivered, message.is_failed)
    assert found == (is_final, is_delivered, is_failed)


@pytest.mark.django_db
def test_a_recipient_is_opted_out_and_in_again_and_has_a_timeline():
    from django_smsbat import recipients

    recipient = Recipient.objects.create(phone="+380671112233")
    assert recipients.opt_out(recipient, reason="by e-mail")
    assert recipients.opt_in(recipient, reason="by phone")
    assert len(recipients.timeline("+380671112233")) == 2
    assert recipients.erase("+380671112233").recipients == 1


@pytest.mark.django_db
def test_the_health_of_a_site_names_its_problems():
    from django_smsbat import monitoring

    assert isinstance(monitoring.health().problems, list | tuple)
