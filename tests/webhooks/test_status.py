"""`status/`: delivery reports."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.urls import reverse

from django_smsbat.models import InboundMessage, Message, StatusEvent
from django_smsbat.services.inbound import replies
from django_smsbat.services.tracking import recorder
from tests.conftest import NOON
from tests.services.tracking.test_recorder import accepted
from tests.settings import SECRET
from tests.webhooks.cases import WebhookCases, basic


class TestStatus(WebhookCases):
    name = "status"
    body = {
        "messageId": "s-1",
        "deliverystatus": "delivered",
        "timestamp": "2026-03-02T12:00:30Z",
        "cost": 0.05,
    }
    model = StatusEvent
    service = "django_smsbat.services.tracking.recorder.record"

    @pytest.fixture
    def message(self, queued):
        made = queued(status="sending", attempts=1)
        recorder.record([accepted(made, "s-1")], NOON)
        return made

    def test_it_moves_the_message(self, message):
        self.post()
        message.refresh_from_db()
        assert (message.status, message.cost) == ("delivered", Decimal("0.05"))
        assert message.final_at == datetime(2026, 3, 2, 12, 0, 30, tzinfo=UTC)

    def test_an_id_that_nobody_knows_yet_waits_for_its_message(self, queued):
        assert self.post().status_code == 200
        made = queued(status="sending", attempts=1)
        recorder.record([accepted(made, "s-1")], NOON)
        assert Message.objects.get().status == "delivered"

    def test_an_unknown_word_is_stored_as_it_came(self, message):
        assert self.post({**self.body, "deliverystatus": "In-Moderation"}).status_code == 200
        assert StatusEvent.objects.filter(raw_status="In-Moderation", status="").exists()

    @pytest.mark.parametrize("missing", ["timestamp", "cost"])
    def test_time_and_cost_may_be_missing(self, message, missing):
        body = {key: value for key, value in self.body.items() if key != missing}
        assert self.post(body).status_code == 200
        message.refresh_from_db()
        assert message.status == "delivered"

    @pytest.mark.parametrize("word", ["seen", "Viewed"])
    def test_seen_and_viewed_mean_read(self, message, word):
        self.post({**self.body, "deliverystatus": word})
        message.refresh_from_db()
        assert message.status == "read"

    def test_parts_may_come_as_text(self, message):
        self.post({**self.body, "partscount": "2"})
        message.refresh_from_db()
        assert message.parts == 2

    @pytest.mark.parametrize("timestamp", [1772452830, 1772452830000, "2026-03-02T14:00:30+02:00"])
    def test_the_time_may_be_written_in_many_ways(self, message, timestamp):
        self.post({**self.body, "timestamp": timestamp})
        message.refresh_from_db()
        assert message.final_at == datetime(2026, 3, 2, 12, 0, 30, tzinfo=UTC)

    def test_a_time_that_cannot_be_read_is_named(self):
        answer = self.post({**self.body, "timestamp": "yesterday"})
        assert (answer.status_code, list(answer.json())) == (400, ["timestamp"])

    @pytest.mark.parametrize("cost", [99999999.9999999, 1e300, -5, "free"])
    def test_an_absurd_cost_is_kept_in_the_report_and_not_believed(self, message, cost):
        assert self.post({**self.body, "cost": cost}).status_code == 200
        message.refresh_from_db()
        assert (message.status, message.cost) == ("delivered", None)

    def test_the_messages_number_may_be_a_number(self, queued):
        made = queued(status="sending", attempts=1)
        recorder.record([accepted(made, "42")], NOON)
        self.post({**self.body, "messageId": 42})
        assert Message.objects.get().status == "delivered"

    def test_beyond_the_limit_reports_of_unknown_messages_are_to_come_again(
        self, message, settings
    ):
        settings.SMSBAT = {**settings.SMSBAT, "UNKNOWN_REPORTS_PER_HOUR": 1}
        assert self.post({**self.body, "messageId": "x-1"}).status_code == 200
        answer = self.post({**self.body, "messageId": "x-2"})
        assert answer.status_code == 503
        assert 3_500 < int(answer.headers["Retry-After"]) <= 3_600
        assert self.post().status_code == 200  # of a known message


class TestAccounts:
    """A secret belongs to one account, and its reports count for that account only."""

    @pytest.fixture(autouse=True)
    def _shop(self, settings, client, db):
        own = {"API_KEY": "k", "WEBHOOK_SECRETS": ["the-secret-of-the-shop"]}
        settings.SMSBAT = {**settings.SMSBAT, "ACCOUNTS": {"shop": own}}
        self.client = client

    def report(self, secret):
        body = {"messageId": "s-1", "deliverystatus": "delivered"}
        headers = {"authorization": basic(secret)}
        url = reverse("smsbat:status")
        return self.client.post(url, body, content_type="application/json", headers=headers)

    def test_the_secret_of_an_account_moves_no_message_of_another(self, queued):
        made = queued(status="sending", attempts=1)
        recorder.record([accepted(made, "s-1")], NOON)
        assert self.report("the-secret-of-the-shop").status_code == 200
        made.refresh_from_db()
        assert made.status == "accepted"
        self.report(SECRET)
        made.refresh_from_db()
        assert made.status == "delivered"

    def test_what_is_written_to_an_account_is_answered_by_it(self):
        body = {
            "idUuid": "u-1",
            "alphaName": "TheShop",
            "phoneNumber": "380671112233",
            "text": "Where is it?",
            "dt": "2026-03-02T12:00:30Z",
        }
        headers = {"authorization": basic("the-secret-of-the-shop")}
        url = reverse("smsbat:inbound")
        self.client.post(url, body, content_type="application/json", headers=headers)
        written = InboundMessage.objects.get()
        assert written.account == "shop"
        assert replies.reply(written, "On its way", queue=True).account == "shop"
