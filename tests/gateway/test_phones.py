"""Phones are read as people write them, kept in E.164, shown masked."""

import pytest

from django_smsbat.gateway import phones
from django_smsbat.gateway.phones import InvalidPhone, mask, normalise, redact


@pytest.mark.parametrize(
    "written",
    ["+380671112233", "380671112233", "+38 (067) 111-22-33", " +38 067 111 22 33 "],
)
def test_international_numbers_need_no_region(written):
    assert normalise(written) == "+380671112233"


@pytest.mark.parametrize("written", ["0671112233", "067 111 22 33", "80671112233"])
def test_national_numbers_are_read_in_their_region(written):
    assert normalise(written, "UA") == "+380671112233"


@pytest.mark.parametrize("written", ["", "0671112233", "12345", "abc", "+38067111223", "+"])
def test_what_is_no_number_is_refused(written):
    with pytest.raises(InvalidPhone):
        normalise(written)


def test_the_refusal_does_not_quote_the_number():
    with pytest.raises(InvalidPhone) as refused:
        normalise("+38067111")
    assert "38067111" not in str(refused.value).replace("+380671112233", "")


def test_a_masked_phone_keeps_the_operator_and_two_digits():
    assert mask("+380671112233") == "+38067…33"
    assert mask("+123456789012345") == "+12345…45"
    assert mask("12345") == "…"


@pytest.mark.parametrize("secret", ["+380671112233", "067 111 22 33", "(067)111-22-33", "482913"])
def test_redacting_leaves_no_phone_and_no_code(secret):
    assert redact(f"HTTP 401: unknown {secret}!").replace("(", "") == "HTTP 401: unknown …!"


def test_a_masked_phone_lacks_five_digits_at_least():
    for phone in ("+380671112233", "+4512345678", "4512345678", "671112233"):
        shown = sum(character.isdigit() for character in mask(phone))
        assert sum(character.isdigit() for character in phone) - shown >= 5


def test_the_digits_without_what_stands_before_them_in_a_country():
    assert phones.national("+380671112233") == "671112233"
    assert phones.national("nobody") == ""
