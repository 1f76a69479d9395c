"""`inbound/`: messages from customers."""

from datetime import UTC, datetime

import pytest

from django_smsbat.models import InboundMessage, Recipient
from django_smsbat.services import clock
from tests.conftest import NOON, phone
from tests.webhooks.cases import WebhookCases

WRITTEN = datetime(2026, 1, 20, 14, 30, tzinfo=UTC)


@pytest.fixture
def now(monkeypatch):
    """The time at which callbacks are received."""
    monkeypatch.setattr(clock, "moment", lambda: NOON)
    return NOON


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
    service = "django_smsbat.services.inbound.receive.receive"

    def test_it_is_kept_as_it_was_written(self):
        self.post()
        stored = InboundMessage.objects.get()
        assert (stored.phone, stored.text) == (phone(77), "  Чи є 38-й?  ")
        assert stored.received_at == WRITTEN

    def without(self, field):
        return {key: value for key, value in self.body.items() if key != field}

    @pytest.mark.parametrize(
        "dt",
        [
            "2026-01-20T14:30:00",  # UTC if it has no zone
            "2026-01-20 14:30:00",
            "2026-01-20T16:30:00+02:00",
            "2026-01-20T16:30:00+0200",
            "20260120T143000Z",
            "  2026-01-20T14:30:00Z ",
            1768919400,
            1768919400.0,
            1768919400000,
            "1768919400",
            "1768919400.0",
            "1768919400000",
        ],
    )
    def test_the_time_may_be_written_in_many_ways(self, dt):
        assert self.post({**self.body, "dt": dt}).status_code == 200
        assert InboundMessage.objects.get().received_at == WRITTEN

    @pytest.mark.parametrize(
        "dt",
        [
            *(None, "", " ", "yesterday", "2026-13-01T00:00:00Z", [], {}, True, -1, 0, 5),
            *("0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", 1e300, 10**400, "899999999"),
            4_102_444_800,  # the year 2100
        ],
    )
    def test_without_a_readable_time_it_was_written_when_it_is_received(self, dt, now):
        assert self.post({**self.body, "dt": dt}).status_code == 200
        assert InboundMessage.objects.get().received_at == now

    def test_a_missing_time_is_that_of_the_receipt(self, now):
        assert self.post(self.without("dt")).status_code == 200
        assert InboundMessage.objects.get().received_at == now

    @pytest.mark.parametrize("field", ["text", "alphaName"])
    def test_a_sticker_brings_no_words(self, field):
        assert self.post(self.without(field)).status_code == 200
        assert self.post({**self.body, "idUuid": "another", field: None}).status_code == 200
        stored = InboundMessage.objects.values_list("text", "alpha_name")
        kept = {"text": ("", "AcmeShop"), "alphaName": (self.body["text"], "")}[field]
        assert list(stored) == [kept, kept]

    @pytest.mark.parametrize(
        ("text", "kept"),
        [
            (38, "38"),
            (0, "0"),
            (38.5, "38.5"),
            (True, ""),
            ([], ""),
            (["Hi"], ""),
            ({"type": "sticker"}, ""),
            ({"type": "text", "text": "Hi"}, "Hi"),
            ({"text": {"text": "Hi"}}, ""),
            ("", ""),
            ("x" * 30_000, "x" * 30_000),
        ],
    )
    def test_text_of_any_kind_is_taken(self, text, kept):
        assert self.post({**self.body, "text": text}).status_code == 200
        stored = InboundMessage.objects.get()
        assert stored.text == kept
        assert stored.payload == {**self.body, "text": text}

    @pytest.mark.parametrize(
        ("name", "kept"),
        [(7, "7"), (True, ""), ({}, ""), (" Acme ", "Acme"), ("x" * 65, "x" * 64)],
    )
    def test_a_sender_of_any_kind_is_taken(self, name, kept):
        assert self.post({**self.body, "alphaName": name}).status_code == 200
        assert InboundMessage.objects.get().alpha_name == kept

    def test_what_came_is_stored_as_it_came(self):
        body = {**self.body, "text": None, "alphaName": None, "dt": None}
        self.post(body)
        assert InboundMessage.objects.get().payload == body

    def test_a_keyword_in_a_rich_message_opts_out(self):
        self.post({**self.body, "text": {"type": "text", "text": "STOP"}, "dt": None})
        assert Recipient.objects.get(phone=phone(77)).opted_out_at is not None

    @pytest.mark.parametrize("field", ["idUuid", "phoneNumber"])
    @pytest.mark.parametrize("value", [None, "", " ", True, [], {}, "x" * 100])
    def test_what_cannot_be_used_is_named(self, field, value):
        answer = self.post({**self.body, field: value})
        assert (answer.status_code, list(answer.json())) == (400, [field])

    @pytest.mark.parametrize("field", ["idUuid", "phoneNumber"])
    def test_what_is_missing_is_named(self, field):
        answer = self.post(self.without(field))
        assert (answer.status_code, list(answer.json())) == (400, [field])

    def test_the_id_and_the_phone_may_be_numbers(self):
        body = {**self.body, "idUuid": 17, "phoneNumber": int(self.body["phoneNumber"])}
        assert self.post(body).status_code == 200
        stored = InboundMessage.objects.get()
        assert (stored.id_uuid, stored.phone) == ("17", phone(77))

    def test_a_phone_that_is_none_loses_no_words(self):
        assert self.post({**self.body, "phoneNumber": "+123"}).status_code == 200
        assert InboundMessage.objects.get().phone == "+123"

    def test_an_empty_text_is_an_answer_too(self):
        assert self.post({**self.body, "text": ""}).status_code == 200

    def test_beyond_the_limit_unknown_phones_are_told_when_to_come_again(self, settings):
        settings.SMSBAT = {**settings.SMSBAT, "INBOUND_UNKNOWN_PER_HOUR": 1}
        assert self.post().status_code == 200
        answer = self.post({**self.body, "idUuid": "another"})
        assert answer.status_code == 503
        assert 3_500 < int(answer.headers["Retry-After"]) <= 3_600
        assert self.post().status_code == 200  # a known message
        assert self.stored() == 1
