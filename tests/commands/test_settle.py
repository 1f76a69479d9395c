"""`smsbat_settle`: a user decides on unconfirmed messages."""

import pytest
from django.core.management import CommandError, call_command

from django_smsbat.models import Message

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("option", "status", "told"),
    [("--resend", "queued", "1 queued to be sent again."), ("--give-up", "failed", "1 given up.")],
)
def test_it_settles_and_says_how_many(queued, capsys, option, status, told):
    queued(1, status="unconfirmed", attempts=1)
    queued(2, status="delivered", attempts=1)
    call_command("smsbat_settle", option)
    assert capsys.readouterr().out.strip() == told
    assert sorted(Message.objects.values_list("status", flat=True)) == sorted([status, "delivered"])


def test_one_campaign_alone(queued, campaign, capsys):
    made = campaign()
    queued(1, status="unconfirmed", attempts=1, campaign=made)
    queued(2, status="unconfirmed", attempts=1)
    call_command("smsbat_settle", "--campaign", str(made.pk), "--give-up")
    assert capsys.readouterr().out.strip() == "1 given up."


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "one of the arguments --resend --give-up is required"),
        (["--resend", "--give-up"], "not allowed with"),
        (["--campaign", "7", "--resend"], "there is no campaign 7"),
        (["--campaign", "x", "--resend"], "a whole number above 0"),
    ],
)
def test_what_is_not_clear_is_refused(arguments, words):
    with pytest.raises(CommandError, match=words):
        call_command("smsbat_settle", *arguments)
