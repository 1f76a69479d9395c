"""Phones are read in common notations, stored in E.164 and shown masked."""

import string

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_smsbat.gateway import phones
from django_smsbat.gateway.phones import (
    InvalidPhone,
    PhoneProblem,
    international,
    mask,
    normalise,
    redact,
)

OLENA = "+380671112233"


def problem_of(written, region="UA", **options):
    with pytest.raises(InvalidPhone) as refused:
        normalise(written, region, **options)
    return refused.value.problem


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


@pytest.mark.parametrize(
    "label",
    ["тел. ", "Тел.: ", "моб. тел. ", "p:", "tel:", "Phone: ", "WhatsApp — ", "№ ", "Viber/", "'"],
)
@pytest.mark.parametrize("number", ["067 111 22 33", "+380671112233", "(067) 111-22-33"])
def test_a_label_may_come_before_the_digits(label, number):
    assert normalise(label + number, "UA") == OLENA


@pytest.mark.parametrize(
    "written",
    [
        "067 111 XX XX",
        "067 111 ХХ ХХ",  # Cyrillic
        "067-CALL-NOW",
        "+38O671112233",  # a letter O
        "067 111 22 33 Олена",
        "067 111 22 33 (Viber)",
        "067 111 22 33 ext. 5",
        "067 111 22 33 дод. 12",
        "0671112233x5",
        "тел067 111 22 33",
        "AB0671112233",
        "phone1: 067 111 22 33",
    ],
)
def test_letters_among_or_behind_the_digits_are_refused(written):
    assert problem_of(written) is PhoneProblem.LETTERS


@given(
    st.lists(st.sampled_from("0123456789"), min_size=6, max_size=12).map("".join),
    st.text(string.ascii_letters + "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя", min_size=1, max_size=4),
    st.data(),
)
def test_a_letter_behind_the_first_digit_never_makes_a_number(digits, letters, data):
    place = data.draw(st.integers(1, len(digits)))
    with pytest.raises(InvalidPhone):
        normalise(digits[:place] + letters + digits[place:], "UA")


@pytest.mark.parametrize(
    "written",
    [
        "067 111 22 33, 050 222 33 44",
        "0671112233;0502223344",
        "0671112233/34",
        "067 111 22 33 ::: 050 222 33 44",
        "0671112233\n0502223344",
        "0671112233 0502223344",
        "+380671112233+380502223344",
        "+380671112233 +380502223344",
        "067 111 22 33 або 050 222 33 44",
        "067 111 22 33 or 050 222 33 44",
        "067 111 22 33 | 050 222 33 44",
        "тел. 067 111 22 33, 050 222 33 44",
    ],
)
def test_several_numbers_are_refused_as_several(written):
    assert problem_of(written) is PhoneProblem.SEVERAL


@pytest.mark.parametrize("written", ["3.80671E+11", "3,80671E+11", "3.8e11", "3,8Е+11", "4E+11"])
def test_a_number_that_a_spreadsheet_shortened_is_refused_as_truncated(written):
    assert problem_of(written) is PhoneProblem.TRUNCATED


@pytest.mark.parametrize("written", ["#N/A", "067… ::: 050…", "—", "12", "немає", "67/111/22/33"])
def test_a_text_that_is_no_number_is_refused_as_such(written):
    assert problem_of(written) is PhoneProblem.NOT_A_PHONE


def test_an_empty_text_is_refused_as_missing():
    assert problem_of(" ") is PhoneProblem.EMPTY


@pytest.mark.parametrize("written", ["044 123 45 67", "+380441234567", "0800 500 500"])
def test_a_landline_or_a_free_number_is_refused_where_a_mobile_is_needed(written):
    assert problem_of(written, mobile=True) is PhoneProblem.NOT_MOBILE
    assert normalise(written, "UA").startswith("+380")


def test_a_number_that_may_be_either_is_taken_as_mobile():
    assert normalise("+14155552671", mobile=True) == "+14155552671"


@pytest.mark.parametrize(
    "region", ["UA", "IT", "DE", "AT", "CZ", "SE", "KZ", "RU", "ID", "XK", "US", "BR", "PL", None]
)
@pytest.mark.parametrize("written", ["380671112233", "380 67 111 22 33", "+380671112233"])
def test_a_number_with_its_country_code_is_international_in_every_region(written, region):
    assert normalise(written, region) == OLENA


MOBILES = [
    phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    for region in sorted(phonenumbers.SUPPORTED_REGIONS)
]


@given(
    st.sampled_from([number for number in MOBILES if number]),
    st.sampled_from(["UA", "IT", "DE", "AT", "PL", "GB", "CZ"]),
    st.booleans(),
)
def test_an_international_number_never_becomes_that_of_another_person(number, region, with_plus):
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    bare = e164.lstrip("+")
    assert international(e164 if with_plus else bare) == e164
    if with_plus or len(bare) >= 11:
        assert normalise(e164 if with_plus else bare, region) == e164


@pytest.mark.parametrize(
    "written",
    [
        *("кв.5 0671112233", "№5 067 111 22 33", "5 067 111 22 33", "(5) 0671112233"),
        *("+38 (67) 111-22-33", "38 67 111 22 33", "38 97 111 22 33", "+38 63 111 22 33"),
    ],
)
@pytest.mark.parametrize("region", ["UA", None])
def test_a_digit_too_many_or_too_few_never_makes_a_number_abroad(written, region):
    assert problem_of(written, region) is PhoneProblem.NOT_A_PHONE


@pytest.mark.parametrize(
    "written",
    ["+38 (067) 111-22-33", "38 067 111 22 33", "+3 8067 111 22 33", "00 380 67 111 22 33"],
)
def test_a_ukrainian_number_may_be_parted_within_its_country_code(written):
    assert normalise(written) == normalise(written, "DE") == OLENA


@pytest.mark.parametrize("written", ['="0671112233"', "0671112233,", "'0671112233'", "0671112233;"])
def test_marks_around_a_number_are_ignored(written):
    assert normalise(written, "UA") == OLENA


@pytest.mark.parametrize(
    ("region", "written", "e164"),
    [
        ("CN", "13512345678", "+8613512345678"),  # also valid in North America
        ("BR", "11961234567", "+5511961234567"),
        ("DE", "15062345678", "+15062345678"),  # Germans would write 01506
        ("ID", "81234567890", "+6281234567890"),  # also a landline in Japan
        ("RU", "89161234567", "+79161234567"),
        ("DE", "0151 12345678", "+4915112345678"),
        ("US", "(415) 555-2671", "+14155552671"),
        ("UA", "671112233", OLENA),
        ("UA", "00380671112233", OLENA),
        (None, "00380671112233", OLENA),
    ],
)
def test_a_national_number_is_read_as_its_country_writes_it(region, written, e164):
    assert normalise(written, region) == e164


@pytest.mark.parametrize(
    "written",
    [
        "\u202a+380671112233\u202c",
        "+38\u00a0067\u00a0111\u00a022\u00a033",
        "+38\u2011067\u20131112233",
    ],
)
def test_invisible_characters_and_other_dashes_are_ignored(written):
    assert normalise(written) == OLENA


def test_digits_of_other_alphabets_are_read():
    assert normalise("٠٦٧١١١٢٢٣٣", "UA") == OLENA


def test_a_number_cell_that_was_saved_with_decimals_is_read():
    assert normalise("380671112233.0") == normalise("380671112233,00") == OLENA


@given(st.text(max_size=40))
def test_any_text_is_a_number_in_e164_or_is_refused(written):
    try:
        e164 = normalise(written, "UA")
    except InvalidPhone:
        return
    assert phonenumbers.is_valid_number(phonenumbers.parse(e164))


def test_a_huge_text_is_refused_at_once():
    assert problem_of(" " * 100_000 + "x" + "0" * 100_000) is PhoneProblem.NOT_A_PHONE


@pytest.mark.parametrize(
    "parsed", [phonenumbers.parse("0671112233", "UA"), phonenumbers.parse(OLENA)]
)
def test_a_parsed_number_is_accepted(parsed):
    assert normalise(parsed) == OLENA


def test_an_empty_parsed_number_is_refused():
    assert problem_of(phonenumbers.PhoneNumber()) is PhoneProblem.NOT_A_PHONE


@pytest.mark.parametrize(
    "raw", ["380671112233", "+380671112233", " 380 67 111-22-33 ", "00380671112233"]
)
def test_a_number_from_smsbat_is_international(raw):
    assert international(raw) == OLENA


@pytest.mark.parametrize(
    "raw", ["0671112233", "671112233", "80671112233", "Viber", "", "3806711122"]
)
def test_what_is_not_international_is_not_read_as_a_number_from_smsbat(raw):
    with pytest.raises(InvalidPhone):
        international(raw)


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
