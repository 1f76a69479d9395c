"""The commands: thin, clear about failures, and clean when they are asked to stop."""

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from django_smsbat.models import Message
from django_smsbat.services.campaigns import lifecycle
from tests.conftest import phone

pytestmark = pytest.mark.django_db(transaction=True)


def test_send_sends_and_says_what_it_did(sandbox, queued, capsys):
    queued(77)
    queued("02")
    call_command("smsbat_send")
    assert "1 accepted, 1 rejected, 0 unconfirmed, in 1 requests." in capsys.readouterr().out


def test_sync_asks_and_says_what_it_did(sandbox, queued, capsys):
    queued(77)
    call_command("smsbat_send")
    Message.objects.update(next_poll_at="2026-01-01T00:00Z")
    call_command("smsbat_sync")
    assert "1 asked, 1 changed" in capsys.readouterr().out
    assert Message.objects.get().status == "delivered"


def test_a_campaign_that_pauses_itself_is_a_failure(sandbox, settings, people, campaign):
    people(1)
    lifecycle.launch(campaign())
    settings.SMSBAT = {**settings.SMSBAT, "API_KEY": "wrong"}
    with pytest.raises(CommandError, match="is paused: the credentials are not accepted"):
        call_command("smsbat_send")


@pytest.mark.parametrize("command", ["smsbat_send", "smsbat_sync"])
class TestBoth:
    def test_a_campaign_that_is_not_there_is_named(self, command):
        with pytest.raises(CommandError, match="no campaign 99"):
            call_command(command, campaign=99)

    @pytest.mark.parametrize("option", ["--campaign=x", "--limit=0", "--limit=-1"])
    def test_what_is_no_number_is_refused(self, command, option):
        with pytest.raises(CommandError, match="whole number above 0"):
            call_command(command, option)

    def test_what_is_misconfigured_is_one_clear_line(self, command, settings):
        settings.SMSBAT = {**settings.SMSBAT, "BASE_URL": ""}
        with pytest.raises(CommandError, match="BASE_URL"):
            call_command(command)

    def test_in_a_pipe_there_is_no_progress_bar(self, command, sandbox, queued, capsys):
        queued(77)
        call_command(command)
        assert capsys.readouterr().err == ""


def test_one_campaign_and_a_limit_can_be_named(sandbox, people, campaign, queued):
    people(1, 2)
    made = campaign()
    lifecycle.launch(made)
    queued(77)
    call_command("smsbat_send", campaign=made.pk, limit=1)
    assert Message.objects.filter(status="accepted").count() == 1
    assert Message.objects.get(to=phone(77)).status == "queued"


@pytest.mark.parametrize(
    "option",
    [
        "--port=x",
        "--port=70000",
        "--speed=0",
        "--latency-ms=-1",
        "--send-rate=inf",
        "--callback-url=foo",
    ],
)
def test_the_sandbox_refuses_options_that_make_no_sense(option):
    with pytest.raises(CommandError, match="give a"):
        call_command("smsbat_sandbox", option)


def test_a_port_that_is_taken_is_said(sandbox):
    port = sandbox.url.rpartition(":")[2]
    with pytest.raises(CommandError, match=f"cannot listen on port {port}"):
        call_command("smsbat_sandbox", f"--port={port}")


def test_without_its_extra_the_sandbox_says_what_to_install(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(CommandError, match=r"django-smsbat\[sandbox\]"):
        call_command("smsbat_sandbox")


class TestRebuild:
    def test_all_statuses_are_derived_again(self, sandbox, queued, capsys):
        queued(77)
        call_command("smsbat_send")
        Message.objects.update(status="failed")
        call_command("smsbat_sync", "--rebuild")
        assert "1 statuses changed." in capsys.readouterr().out
        assert Message.objects.get().status == "accepted"

    @pytest.mark.parametrize("option", ["--watch", "--limit=5"])
    def test_it_goes_with_a_campaign_only(self, option):
        with pytest.raises(CommandError, match="--rebuild goes with --campaign only"):
            call_command("smsbat_sync", "--rebuild", option)


class TestPurge:
    def test_it_says_what_was_removed_and_what_is_left(self, queued, capsys):
        old = timezone.now() - timedelta(days=40)
        queued(1, status="delivered")
        queued(2, status="unconfirmed")
        Message.objects.update(created_at=old)
        queued(3, status="delivered")
        call_command("smsbat_purge", "--older-than", "30")
        assert capsys.readouterr().out.strip() == (
            "1 messages emptied, 1 removed; 0 incoming messages and 0 reports of unknown messages "
            "removed. 1 are left, because their outcome is unknown."
        )

    def test_rows_may_be_kept(self, queued):
        queued(1, status="delivered")
        Message.objects.update(created_at=timezone.now() - timedelta(days=40))
        call_command("smsbat_purge", "--older-than", "30", "--keep-rows")
        assert Message.objects.get().text == ""

    @pytest.mark.parametrize(
        "arguments", [[], ["--older-than", "0"], ["--older-than", "x"], ["--older-than", "9" * 9]]
    )
    def test_how_old_has_to_be_said(self, arguments):
        with pytest.raises(CommandError, match="older-than"):
            call_command("smsbat_purge", *arguments)


class TestStatus:
    def test_it_tells_how_things_stand(self, queued, capsys):
        queued(1, status="unconfirmed")
        call_command("smsbat_status")
        told = capsys.readouterr().out
        assert "last smsbat_sync" in told
        assert "! 1 messages are unconfirmed" in told

    def test_programs_read_it_as_json(self, queued, capsys):
        queued(1, status="unconfirmed")
        call_command("smsbat_status", "--json")
        told = json.loads(capsys.readouterr().out)
        assert (told["unconfirmed"], told["last_sync"]) == (1, None)
        assert len(told["problems"]) == 1

    def test_it_fails_where_that_is_asked_for(self, queued):
        call_command("smsbat_status", "--strict")
        queued(1, status="unconfirmed")
        with pytest.raises(CommandError, match="unconfirmed"):
            call_command("smsbat_status", "--strict")
