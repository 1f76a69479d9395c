"""Flash calls: the caller's last digits are the code, so the number is chosen at random."""

import itertools
import logging
from collections import Counter

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse

from django_smsbat import conf
from django_smsbat.conf.keys import VERIFY_CHANNELS
from django_smsbat.messages import InvalidMessage
from django_smsbat.models import Channel, Message, Verification
from django_smsbat.services.verification import callers, wording
from tests.conftest import phone
from tests.verification.conftest import ringing
from tests.verification.test_starting import everything_stored

POOL = [f"+38044{number:07}" for number in range(2_000_111, 2_900_000, 44_477)]  # 21 numbers


@pytest.fixture
def pool(settings):
    """Set the numbers that flash calls come from, and other keys."""

    def configure(*numbers, **more):
        settings.SMSBAT = {**settings.SMSBAT, "VERIFY_CALLER_IDS": list(numbers), **more}
        return conf.current()

    return configure


def caller_of(service):
    return service.sent[-1][0].content.message_data["callerId"]


def ring_as_asked(service):
    """Make the next answer show the ending of the requested calling number."""

    def answer(messages):
        caller = messages[0].content.message_data["callerId"]
        return ringing(f"***{caller[-6:]}")(messages)

    service.sends.append(answer)


def test_each_call_comes_from_a_number_of_the_settings(start, service, pool):
    pool(*POOL)
    start(channel="flashcall")
    assert caller_of(service) in POOL


def test_numbers_are_drawn_by_chance_and_none_is_preferred(pool):
    settings = pool(*POOL)
    drawn = Counter(callers.draw(settings) for _ in range(2_100))
    assert drawn.keys() == set(POOL)
    assert max(drawn.values()) < 200


def test_a_draw_does_not_avoid_the_number_of_the_one_before(pool):
    settings = pool(*POOL[:2])
    drawn = [callers.draw(settings) for _ in range(400)]
    same = sum(one == other for one, other in itertools.pairwise(drawn))
    assert 120 < same < 280


def test_the_draw_is_that_of_secrets(start, service, pool, monkeypatch):
    pool(*POOL)
    monkeypatch.setattr(callers.secrets, "choice", lambda numbers: numbers[4])
    start(channel="flashcall")
    assert caller_of(service) == POOL[4]


def test_the_number_that_rings_is_stored_nowhere_and_logged_nowhere(start, service, pool, caplog):
    caplog.set_level(logging.DEBUG)
    pool(*POOL)
    ring_as_asked(service)
    made = start(channel="flashcall")
    number = caller_of(service)[-6:]
    assert not [cell for cell in everything_stored() if number in str(cell)]
    assert number not in caplog.text + repr(made) + repr(made.message)
    assert Message.objects.get().message_data == {"callerId": "••••••"}


def test_the_number_that_rang_is_the_code(start, service, pool, check):
    pool(*POOL)
    ring_as_asked(service)
    made = start(channel="flashcall")
    assert check(made, caller_of(service))


def test_the_number_of_an_earlier_call_is_no_code(start, service, pool, check, monkeypatch):
    pool(*POOL)
    numbers = iter(POOL)
    monkeypatch.setattr(callers.secrets, "choice", lambda pool: next(numbers))
    for _ in range(2):
        ring_as_asked(service)
        made = start(channel="flashcall")
    assert not check(made, POOL[0])
    assert check(made, POOL[1])


def test_without_numbers_nothing_is_stored_and_nothing_is_sent(start, service, pool):
    pool()
    with pytest.raises(ImproperlyConfigured, match="VERIFY_CALLER_IDS"):
        start(channel="flashcall")
    assert (service.sent, Message.objects.count(), Verification.objects.count()) == ([], 0, 0)


def test_without_numbers_other_channels_go_on(start, pool):
    pool()
    assert start(channel="sms").status == "pending"


def test_without_numbers_the_page_tells_the_visitor_no_more_than_they_can_use(pool, client, db):
    pool()
    asked = {"phone": phone(77), "channel": "flashcall"}
    page = client.post(reverse("smsbat-verification:start"), asked).content.decode()
    assert "No codes can be sent at the moment." in page
    assert "VERIFY_CALLER_IDS" not in page


def test_without_numbers_the_api_is_503_and_the_log_says_why(pool, client, db, caplog):
    pool()
    asked = {"phone": phone(77), "channel": "flashcall"}
    url = reverse("smsbat-verification-api:start")
    assert client.post(url, asked, content_type="application/json").status_code == 503
    assert "VERIFY_CALLER_IDS" in caplog.text


def test_what_prevents_flash_calls_is_told(pool):
    told = dict(wording.what_prevents(pool()))
    assert list(told) == ["flashcall"]
    assert "VERIFY_CALLER_IDS" in told["flashcall"]


@pytest.mark.parametrize(
    ("numbers", "codes"),
    [
        ([], 0),
        (POOL[:3], 3),
        (["+380442345678", "+380502345678"], 1),
        (["+380442345678", "+380441345678", "+380442345679"], 2),
    ],
)
def test_numbers_that_end_alike_are_one_code(numbers, codes):
    assert callers.codes(numbers) == codes


@pytest.mark.parametrize(
    ("count", "most", "allowed"), [(1, 5, 2), (10, 5, 2), (21, 5, 2), (21, 1, 1), (0, 5, 2)]
)
def test_few_numbers_allow_few_tries(pool, count, most, allowed):
    settings = pool(*POOL[:count], VERIFY_ATTEMPTS=most)
    assert callers.attempts("flashcall", settings) == allowed
    assert callers.attempts("sms", settings) == most


@pytest.mark.parametrize(("count", "allowed"), [(49, 4), (50, 5), (80, 5)])
def test_many_numbers_allow_as_many_tries_as_the_settings(pool, count, allowed):
    settings = pool(*(f"+38044{number:07}" for number in range(2_000_111, 2_000_111 + count)))
    assert callers.attempts("flashcall", settings) == allowed


def test_a_call_is_over_after_its_tries(start, service, pool, check):
    pool(*POOL[:10])
    ring_as_asked(service)
    made = start(channel="flashcall")
    wrong = [number for number in POOL[:10] if number != caller_of(service)]
    assert check(made, wrong[0]).attempts_left == 1
    assert check(made, wrong[1]).status == "exhausted"
    assert not check(made, caller_of(service))


class TestChannels:
    """`VERIFY_CHANNELS` lists the channels for codes."""

    def test_it_may_be_any_channel_of_verifications(self):
        assert set(Channel.values) == set(VERIFY_CHANNELS)

    def test_no_code_goes_by_another_channel(self, start, pool):
        pool(VERIFY_CHANNELS=["sms", "viber_otp"])
        with pytest.raises(InvalidMessage, match="must be one of sms, viber_otp") as refused:
            start(channel="flashcall")
        assert refused.value.field == "channel"

    def test_the_page_offers_these_in_their_order(self, pool, client, db):
        pool(VERIFY_CHANNELS=["sms", "viber_otp"])
        page = client.get(reverse("smsbat-verification:start")).content.decode()
        assert 'value="flashcall"' not in page
        assert page.index('value="sms"') < page.index('value="viber_otp"')

    def test_the_api_takes_the_first_where_none_is_named(self, pool, client, sandbox, db):
        pool(VERIFY_CHANNELS=["sms", "viber_otp"])
        url = reverse("smsbat-verification-api:start")
        told = client.post(url, {"phone": phone(77)}, content_type="application/json")
        assert (told.status_code, told.json()["channel"]) == (201, "sms")

    def test_the_api_refuses_another_one_at_its_field(self, pool, client, db):
        pool(VERIFY_CHANNELS=["sms"])
        url = reverse("smsbat-verification-api:start")
        asked = {"phone": phone(77), "channel": "flashcall"}
        told = client.post(url, asked, content_type="application/json")
        assert (told.status_code, told.json()) == (400, {"channel": ["Must be one of sms."]})

    def test_what_is_not_offered_prevents_nothing(self, pool):
        assert list(wording.what_prevents(pool(VERIFY_CHANNELS=["sms"]))) == []
