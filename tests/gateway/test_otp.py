"""One-time codes: the parameters and languages of Viber's templates."""

import pytest

from django_smsbat.gateway import otp_templates
from django_smsbat.gateway.messages import ViberOtp, from_content

TO = "+380671112233"
OTP = {"template_id": "basic", "template_lang": "uk", "template_params": {"pin": "123456"}}


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({"pin": 482913, "code_validity_time": 5}, {"pin": "482913", "code_validity_time": 5}),
        ({"pin": "0042", "code_validity_time": "90"}, {"pin": "0042", "code_validity_time": 90}),
        ({"pin": 0, "code_validity_time": " 5 "}, {"pin": "0", "code_validity_time": 5}),
    ],
)
def test_a_code_is_sent_as_text_and_minutes_as_a_number(given, sent):
    arguments = {"template_lang": "uk", "template_id": "validity_time", "template_params": given}
    message = ViberOtp(to=TO, **arguments)
    assert message.data()["templateParams"] == sent
    assert from_content(message.content(), TO).data() == message.data()


def test_a_language_that_smsbat_does_not_name_is_sent_and_logged_once(caplog):
    otp_templates._warn_of_language.cache_clear()
    for _ in range(2):
        message = ViberOtp(to=TO, **{**OTP, "template_lang": "hu"})
    assert message.data()["templateLang"] == "hu"
    assert [one.levelname for one in caplog.records] == ["WARNING"]
    assert "'hu'" in caplog.text


def test_a_language_that_smsbat_names_is_not_logged(caplog):
    ViberOtp(to=TO, **OTP)
    assert caplog.text == ""
