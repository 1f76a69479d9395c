"""The sandbox accepts bodies in the forms shown on SMSBAT's own site."""

import json

import pytest

from django_smsbat.sandbox.validation import Refusal, messages_of
from tests.support.paths import FIXTURES

SAMPLES = json.loads((FIXTURES / "site_requests.json").read_text())
CAROUSEL, BUTTONS = SAMPLES["carousel_as_promo"], SAMPLES["carousel_help_buttons"]
ACTION_NAME = "210ee8a9-1ed5-43cd-96e4-65bba311ab40"


def refused(message):
    with pytest.raises(Refusal) as error:
        messages_of({"messages": [message]})
    return error.value.body


def with_data(message, **data):
    return {**message, "messageData": {**message["messageData"], **data}}


@pytest.mark.parametrize("name", SAMPLES)
def test_every_form_of_the_site_is_taken_as_it_came(name):
    assert messages_of({"messages": [SAMPLES[name]]}) == [SAMPLES[name]]


def test_a_carousel_in_a_promotional_message_needs_no_text():
    message = {key: value for key, value in CAROUSEL.items() if key != "text"}
    assert messages_of({"messages": [message]}) == [message]


@pytest.mark.parametrize(
    "carousel",
    [
        {},
        {"items": []},
        {"items": [{"title": "Boots"}]},
        {"items": [{"title": "Boots", "imageUrl": "no address", "primaryButton": {}}]},
        [],
        None,
    ],
)
def test_a_carousel_that_is_none_is_refused_there_too(carousel):
    assert refused(with_data(CAROUSEL, carousel=carousel))["code"] in (1001, 1002)


def test_a_button_has_no_other_names():
    carousel = json.loads(json.dumps(BUTTONS["messageData"]["carousel"]))
    carousel["items"][0]["primaryButton"] = {"caption": "Buy", "href": "https://x.example/"}
    assert "'caption'" in refused(with_data(BUTTONS, carousel=carousel))["message"]


@pytest.mark.parametrize(
    "params",
    [
        {"pin": "1", "business_platform_name": "Acme"},
        {"pin": "1", "business_platform_name": "Acme", "pin_type": "login", "more": "x"},
        {"pin": "", "business_platform_name": "Acme", "pin_type": "login"},
        {"business_platform_name": "Acme", "pin_type": "login"},
    ],
)
def test_other_parameters_of_that_template_are_refused(params):
    message = SAMPLES["otp_site_parameters"]
    assert message["messageData"]["templateId"] == ACTION_NAME
    assert refused(with_data(message, templateParams=params))["code"] in (1001, 1002)


def test_the_parameters_of_the_help_page_are_taken_as_well():
    params = {"pin": "482913", "business_platform_action_name": "login"}
    message = with_data(SAMPLES["otp_site_parameters"], templateParams=params)
    assert messages_of({"messages": [message]})


@pytest.mark.parametrize("ttl", ["0", "-1", "1.5", "٩٠", "9" * 400, " "])
def test_seconds_as_text_are_whole_and_more_than_none(ttl):
    message = {**SAMPLES["otp_pin_as_number"], "ttl": ttl}
    if ttl == "9" * 400:
        assert messages_of({"messages": [message]})
    else:
        assert "ttl" in refused(message)["message"]
