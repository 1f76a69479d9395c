"""A probe's run: rows before requests, callbacks, an early end, and remaining data."""

import json

import pytest
from django.test import Client

from django_smsbat.models import Backoff, Message, StatusEvent
from django_smsbat.services.inbound import receive
from django_smsbat.services.probe import report
from django_smsbat.services.probe.expectations import Verdict
from tests.conftest import phone
from tests.services.probe.conftest import problems
from tests.settings import SECRET

pytestmark = pytest.mark.django_db


def call_back(**more):
    """Send a status callback for the last message through the site's own webhook."""
    body = {
        "messageId": Message.objects.latest("pk").smsbat_id,
        "deliverystatus": "delivered",
        "timestamp": "2026-11-01T10:00:00Z",
        "cost": 0.05,
        **more,
    }
    answer = Client().post(
        "/smsbat/status/",
        json.dumps({name: value for name, value in body.items() if value is not None}),
        content_type="application/json",
        headers={"X-Authorization-Key": SECRET},
    )
    assert answer.status_code == 200


def test_every_message_is_an_ordinary_row_with_its_reports(probe):
    result = probe(types=["sms", "viber_promo"])
    assert [one.row.status for one in result.messages] == ["accepted", "accepted"]
    assert set(Message.objects.values_list("status", flat=True)) == {"delivered"}
    sources = set(StatusEvent.objects.values_list("source", flat=True))
    assert sources == {"submit", "poll"}


def test_the_row_is_stored_before_the_request_leaves(probe):
    result = probe(types=["sms"])
    (entry,) = result.sandbox.ledger.entries.values()
    assert entry.message["customerMessageId"] == Message.objects.get().customer_message_id


def test_a_callback_is_compared_and_does_not_end_the_polling(probe):
    result = probe(act=lambda clock: call_back(), smsbat={"WEBHOOK_SECRETS": [SECRET]})
    assert problems(result) == set()
    assert result.messages[0].polls
    matched = {one.id for one in result.findings if one.verdict is Verdict.MATCH}
    assert {"callback.word", "callback.timestamp", "callback.cost", "callback.keys"} <= matched


@pytest.mark.parametrize(
    ("more", "ids"),
    [
        ({"deliverystatus": "Handed over"}, {"callback.word"}),
        ({"timestamp": None}, {"callback.timestamp"}),
        ({"timestamp": "2026-11-01T10:00:00"}, {"callback.timestamp"}),
        ({"cost": "0.05"}, {"callback.cost"}),
        ({"cost": None}, {"callback.cost"}),
        ({"operator": "x"}, {"callback.keys"}),
    ],
)
def test_a_difference_in_a_callback(probe, more, ids):
    result = probe(act=lambda clock: call_back(**more), smsbat={"WEBHOOK_SECRETS": [SECRET]})
    assert problems(result) == ids


def test_without_a_callback_nothing_is_said_of_callbacks_but_that_none_came(probe):
    result = probe(smsbat={"WEBHOOK_SECRETS": [SECRET]})
    assert problems(result) == set()
    assert "none for sms" in report.render(result)


def test_a_stopped_probe_reports_what_is_known(probe):
    def stop(clock):
        clock.stopping = True

    result = probe(act=stop, act_after=10, ending="06")
    assert len(result.messages[0].polls) == 1
    assert problems(result) == set()
    assert "stopped before the end" in report.render(result)


def test_a_message_that_stays_in_processing_is_a_failure_at_the_end(probe):
    result = probe(ending="06", follow=40)
    assert problems(result) == {"follow.final"}
    assert 3 <= len(result.messages[0].polls) <= 4  # after 5, 15 and 35 seconds


@pytest.mark.parametrize("ending", ["00", "01", "03"])
def test_a_message_that_is_not_delivered_is_a_failure_and_no_difference(probe, ending):
    result = probe(ending=ending)
    assert problems(result) == {"follow.delivered"}
    assert result.count(Verdict.DIFFERENCE) == 0


def test_wrong_credentials_end_it_after_one_message_which_no_worker_sends_later(probe):
    result = probe(types=["sms", "viber_promo"], smsbat={"API_KEY": "wrong"}, refusals=False)
    assert problems(result) == {"send.http-status", "send.accepted"}
    assert Message.objects.get().status == "cancelled"


def test_quiet_hours_keep_one_type_back_and_not_the_others(probe):
    result = probe(
        types=["viber_promo", "sms"], smsbat={"QUIET_HOURS": "00:00-23:59"}, refusals=False
    )
    assert problems(result) == {"send.request"}
    statuses = dict(Message.objects.values_list("type", "status"))
    assert statuses == {"viber_promo": "cancelled", "sms": "delivered"}


def test_the_refusals_can_be_left_out(probe):
    result = probe(refusals=False)
    assert not result.refusals
    assert "refusal." not in report.render(result)


def test_the_refusals_make_no_row_and_send_nothing(probe):
    result = probe()
    assert Message.objects.count() == 1
    assert list(result.sandbox.ledger.by_phone) == [phone(77)]


def test_an_unreachable_service_is_a_failure_of_the_request(probe):
    result = probe(smsbat={"BASE_URL": "http://127.0.0.1:9"}, refusals=False)
    assert problems(result) == {"send.request"}
    assert Message.objects.get().status == "cancelled"


def test_refusals_that_an_unreachable_service_does_not_answer_are_failures(probe):
    result = probe(smsbat={"BASE_URL": "http://127.0.0.1:9"})
    assert result.count(Verdict.DIFFERENCE) == 0
    failed = [one for one in result.findings if one.verdict is Verdict.FAILURE]
    assert {one.id for one in failed} == {"send.request", "refusal.status"}
    assert "## Differences (0)" in report.render(result)


def test_each_type_is_sent_once_however_often_it_is_named(probe):
    assert len(probe(types=["sms", "sms"]).messages) == 1


def test_an_opted_out_phone_gets_no_promotion_and_the_report_says_so(probe, people):
    people(77, opted_out_at="2026-01-01T00:00Z")
    result = probe(types=["viber_promo"], refusals=False)
    assert problems(result) == {"send.request"}
    assert "opted_out" in report.render(result)


def test_an_answer_to_the_messages_shows_which_keys_an_incoming_message_has(probe):
    def reply(clock):
        receive.receive(
            receive.Incoming(
                account="default",
                id_uuid="1",
                alpha_name="AcmeShop",
                phone=phone(77),
                text="Yes",
                received_at=clock.now(),
                payload={"idUuid": "1", "surveyOption": "Yes"},
            )
        )

    result = probe(act=reply, types=["viber_survey"])
    text = report.render(result)
    assert "surveyOption: text of 3 characters" in text
    assert "Yes" not in text


def test_a_status_request_that_is_refused_for_its_rate_holds_the_workers_back(probe):
    refusals = [429]

    def alter(reply):
        if reply.is_report and refusals:
            reply.status, reply.headers["Retry-After"] = refusals.pop(), "7"

    result = probe(alter)
    assert problems(result) == {"status.http-status"}
    assert Backoff.objects.get(name="status").refusals == 0  # a later response reset it
    assert 'retry-after: "7"' in report.render(result)
    assert [round(poll.after) for poll in result.messages[0].polls] == [5, 15]
