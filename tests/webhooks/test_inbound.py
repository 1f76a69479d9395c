"""`inbound/`: what customers write."""

from datetime import UTC, datetime

import pytest

from django_smsbat.models import InboundMessage
from tests.conftest import phone
from tests.webhooks.cases import WebhookCases


class TestInbound(WebhookCases):
    name = "inbound"
    body = {
        "idUuid": "0c1f7a4e-0000-4000-8000-000000000001",
        "alphaName": "AcmeShop",
        "phoneNumber": phone(77)[1:],
        "text": "  Чи є 38-й?  ",
        "dt": "2026-01-20T14:30:00.000Z",
    }
    model = InboundMessage
    service = "django_smsbat.services.inbound.receive"

    def test_it_is_kept_as_it_was_written(self):
        self.post()
        stored = InboundMessage.objects.get()
        assert (stored.phone, stored.text) == (phone(77), "  Чи є 38-й?  ")
        assert stored.received_at == datetime(2026, 1, 20, 14, 30, tzinfo=UTC)

    def test_a_time_without_zone_is_utc(self):
        self.post({**self.body, "dt": "2026-01-20T14:30:00"})
        assert InboundMessage.objects.get().received_at.hour == 14

    @pytest.mark.parametrize(
        "dt", ["yesterday", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", 5]
    )
    def test_a_time_that_is_none_is_refused(self, dt):
        assert self.post({**self.body, "dt": dt}).status_code == 400

    @pytest.mark.parametrize("field", ["idUuid", "phoneNumber", "dt"])
    def test_what_is_missing_is_named(self, field):
        answer = self.post({key: value for key, value in self.body.items() if key != field})
        assert answer.status_code == 400
        assert field in answer.json()

    def test_a_phone_that_is_none_loses_no_words(self):
        assert self.post({**self.body, "phoneNumber": "+123"}).status_code == 200
        assert InboundMessage.objects.get().phone == "+123"

    def test_an_empty_text_is_an_answer_too(self):
        assert self.post({**self.body, "text": ""}).status_code == 200
