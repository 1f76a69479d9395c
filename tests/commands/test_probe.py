"""`smsbat_probe`: shows its cost, asks for confirmation, and prints or writes its report."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from django_smsbat.management.commands import smsbat_probe
from django_smsbat.models import Message
from django_smsbat.sandbox import fates
from tests.conftest import HeldClock, phone

pytestmark = pytest.mark.django_db


@pytest.fixture
def no_waiting(monkeypatch):
    """Make sleeping advance the command's clock without waiting."""
    monkeypatch.setattr(smsbat_probe, "SystemClock", lambda: HeldClock(timezone.now()))


@pytest.fixture
def service(no_waiting, start_sandbox, settings):
    started = start_sandbox(speed=1_000_000)
    settings.SMSBAT = {
        **settings.SMSBAT,
        "BASE_URL": started.url,
        "STATUS_RATE": 1_000,
        "WEBHOOK_SECRETS": [],
    }
    return started.sandbox


class Terminal(io.StringIO):
    def isatty(self):
        return True


def probe(*arguments, to=None):
    call_command("smsbat_probe", "--to", to or phone(77), *arguments)


def test_it_prints_the_report_and_succeeds(service, capsys):
    probe("--yes")
    out = capsys.readouterr()
    assert "## Differences (0)" in out.out
    assert {entry.message["type"] for entry in service.ledger.entries.values()} == {
        "sms",
        "viber_promo",
        "viber_trans",
    }
    assert out.err == ""  # no progress bar in a pipe
    assert phone(77)[1:] not in out.out


def test_a_national_number_is_read_in_the_default_region(service):
    probe("--yes", "--type", "sms", to="067 000 00 77")
    assert Message.objects.get().to == phone(77)


def test_a_failure_is_exit_code_1_with_the_report(service, capsys):
    with pytest.raises(CommandError, match="0 differences and 1 failures; see the report"):
        probe("--yes", "--type", "sms", to=phone("00"))
    assert "`follow.delivered` (sms)" in capsys.readouterr().out


def test_without_a_terminal_it_sends_nothing_unless_told_to(service, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    with pytest.raises(CommandError, match="give --yes"):
        probe()
    assert not Message.objects.exists()
    assert not service.ledger.requests


@pytest.mark.parametrize("answer", ["no", "", "y"])
def test_without_a_yes_it_sends_nothing(service, monkeypatch, answer):
    monkeypatch.setattr("sys.stdin", Terminal(f"{answer}\n"))
    with pytest.raises(CommandError, match="nothing was sent"):
        probe()
    assert not service.ledger.requests


def test_a_yes_on_a_terminal_sends(service, monkeypatch):
    monkeypatch.setattr("sys.stdin", Terminal("yes\n"))
    probe("--type", "sms")
    assert Message.objects.get().status == "delivered"


def test_the_cost_is_shown_before_the_question(service, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", Terminal("no\n"))
    with pytest.raises(CommandError):
        probe("--price", "sms=0.05")
    out = capsys.readouterr().out
    assert "3 message(s) to +38067…77: 3 part(s), and at most 2 more as SMS fallback." in out
    assert "Known cost, at most: 0.15 in the currency of your prices." in out
    assert "at most: 1 of viber_promo, 1 of viber_trans." in out


def test_prices_are_taken_over_from_what_was_billed(service, monkeypatch, capsys):
    billed = {"type": "sms", "to": phone(1), "sender": "AcmeShop", "delivered_by": "sms"}
    Message.objects.create(**billed, cost="0.10", parts=2, currency="USD")
    monkeypatch.setattr("sys.stdin", Terminal("no\n"))
    with pytest.raises(CommandError):
        probe("--type", "sms")
    assert "Known cost, at most: 0.05 USD." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("price", "shown"),
    [
        ("0.050000", "0.05"),
        ("2", "2.00"),
        ("1E+1", "10.00"),
        ("0.0525", "0.0525"),
        ("0.50", "0.50"),
    ],
)
def test_the_cost_has_as_many_digits_as_it_needs(service, monkeypatch, capsys, price, shown):
    monkeypatch.setattr("sys.stdin", Terminal("no\n"))
    with pytest.raises(CommandError):
        probe("--type", "sms", "--price", f"sms={price}")
    assert f"at most: {shown} in the currency of your prices." in capsys.readouterr().out


def test_the_price_of_another_channel_is_not_taken_over(service, monkeypatch, capsys):
    billed = {"type": "viber_promo", "to": phone(1), "sender": "A", "delivered_by": "sms"}
    Message.objects.create(**billed, cost="0.10", parts=1, currency="USD")
    monkeypatch.setattr("sys.stdin", Terminal("no\n"))
    with pytest.raises(CommandError):
        probe("--type", "viber_promo", "--no-fallback")
    assert "at most: 1 of viber_promo." in capsys.readouterr().out


def test_without_a_fallback_no_sms_may_follow(service):
    probe("--yes", "--type", "viber_promo", "--no-fallback")
    (entry,) = service.ledger.entries.values()
    assert not entry.has_fallback


def test_every_type_can_be_sent(service):
    types = [word for kind in smsbat_probe.MessageType for word in ("--type", kind.value)]
    media = ("--image-url", "https://cdn.example.com/a.png", "--caller-id", "044 123 45 67")
    probe("--yes", *types, *media)
    assert len(service.ledger.entries) == len(smsbat_probe.MessageType)


def test_an_own_text_is_sent_and_not_reported(service, capsys):
    probe("--yes", "--type", "sms", "--text", "Approved wording")
    assert Message.objects.get().text == "Approved wording"
    assert "Approved" not in capsys.readouterr().out


def test_the_report_can_be_written_to_a_file(service, tmp_path, capsys):
    path = tmp_path / "report.md"
    probe("--yes", "--type", "sms", "--output", str(path))
    assert path.read_text().startswith("# SMSBAT probe")
    assert f"The report is in {path}." in capsys.readouterr().out


def test_a_file_that_cannot_be_written_is_refused_before_anything_is_sent(service, tmp_path):
    with pytest.raises(CommandError, match="--output"):
        probe("--yes", "--output", str(tmp_path / "none" / "report.md"))
    assert not service.ledger.requests


def test_the_requests_that_are_refused_can_be_left_out(service):
    probe("--yes", "--type", "sms", "--no-negative")
    assert service.ledger.requests == {"send": 1, "status": 1}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--type", "fax"], "give one of sms"),
        (["--price", "sms"], "TYPE=AMOUNT"),
        (["--price", "sms=-1"], "TYPE=AMOUNT"),
        (["--price", "sms=NaN"], "TYPE=AMOUNT"),
        (["--price", "fax=1"], "give one of sms"),
        (["--follow", "0"], "whole number above 0"),
        (["--type", "flashcall"], "--caller-id: a flash call needs"),
        (["--type", "viber_carousel"], "--image-url: a carousel needs"),
        (["--caller-id", "12"], "--caller-id: "),
        (["--sender", "Not Latin é"], "--sender: "),
        (["--account", "other"], "no account of the settings"),
    ],
)
def test_what_is_wrong_is_said_with_its_option(service, arguments, words):
    with pytest.raises(CommandError, match=words):
        probe("--yes", *arguments)
    assert not service.ledger.requests


def test_what_is_no_phone_is_refused_and_not_quoted(service):
    with pytest.raises(CommandError, match="--to: ") as error:
        probe("--yes", to="067 12")
    assert "067 12" not in str(error.value)


def test_an_answer_that_differs_is_exit_code_1(service, monkeypatch, capsys):
    steps = (fates.Step(0, "in transit"),)
    monkeypatch.setitem(fates.BY_LAST_DIGITS, "77", fates.Fate("unheard of", steps))
    with pytest.raises(CommandError, match="1 differences and 1 failures"):
        probe("--yes", "--type", "sms", "--follow", "20")
    assert '"in transit"' in capsys.readouterr().out
