"""`status/`: what became of a message."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from django_smsbat.models import Message, StatusEvent
from django_smsbat.services import tracking
from tests.conftest import NOON
from tests.services.test_tracking import accepted
from tests.webhooks.cases import WebhookCases


class TestStatus(WebhookCases):
    name = "status"
    body = {
        "messageId": "s-1",
        "deliverystatus": "delivered",
        "timestamp": "2026-03-02T12:00:30Z",
        "cost": 0.05,
    }
    model = StatusEvent
    service = "django_smsbat.services.tracking.record"

    @pytest.fixture
    def message(self, queued):
        made = queued(status="sending", attempts=1)
        tracking.record([accepted(made, "s-1")], NOON)
        return made

    def test_it_moves_the_message(self, message):
        self.post()
        message.refresh_from_db()
        assert (message.status, message.cost) == ("delivered", Decimal("0.05"))
        assert message.final_at == datetime(2026, 3, 2, 12, 0, 30, tzinfo=UTC)

    def test_an_id_that_nobody_knows_yet_waits_for_its_message(self, queued):
        assert self.post().status_code == 200
        made = queued(status="sending", attempts=1)
        tracking.record([accepted(made, "s-1")], NOON)
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

    @pytest.mark.parametrize("cost", [99999999.9999999, 1e300, -5, "free"])
    def test_an_absurd_cost_is_kept_in_the_report_and_not_believed(self, message, cost):
        assert self.post({**self.body, "cost": cost}).status_code == 200
        message.refresh_from_db()
        assert (message.status, message.cost) == ("delivered", None)

    def test_the_messages_number_may_be_a_number(self, queued):
        made = queued(status="sending", attempts=1)
        tracking.record([accepted(made, "42")], NOON)
        self.post({**self.body, "messageId": 42})
        assert Message.objects.get().status == "delivered"
