"""Phone numbers: one parser for all numbers from users, code and SMSBAT.

`normalise` reads user input, `international` reads SMSBAT's values; both return E.164. Masking and
redaction keep numbers out of logs. The numbering plans are those of `phonenumbers`.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberType


class PhoneProblem(StrEnum):
    """The reason why a text is refused as a phone number."""

    EMPTY = "empty"
    NOT_A_PHONE = "not_a_phone"
    LETTERS = "letters"
    SEVERAL = "several"
    TRUNCATED = "truncated"
    NOT_MOBILE = "not_mobile"


_SENTENCES: Final[dict[PhoneProblem, str]] = {
    PhoneProblem.EMPTY: "a phone number is missing",
    PhoneProblem.NOT_A_PHONE: "not a valid phone number; write it like %(example)s",
    PhoneProblem.LETTERS: "letters among the digits; write the number like %(example)s",
    PhoneProblem.SEVERAL: "several phone numbers; give one",
    PhoneProblem.TRUNCATED: (
        "a spreadsheet has cut the number short; format the column as text, enter the numbers "
        "again and save the file again"
    ),
    PhoneProblem.NOT_MOBILE: (
        "a landline or premium-rate number, which cannot receive messages; give a mobile number"
    ),
}
_EXAMPLES: Final = {None: "+380671112233", "UA": "+380671112233 / 067 111 22 33"}


class InvalidPhone(ValueError):
    """A text that is not a usable phone number. The message never quotes the text.

    Attributes:
        problem: the reason.
        sentence: the message with placeholders for `params`, to be translated.
    """

    def __init__(self, problem: PhoneProblem, region: str | None = None) -> None:
        self.problem = problem
        self.sentence = _SENTENCES[problem]
        self.params = {"example": _EXAMPLES.get(region, _EXAMPLES[None])}
        super().__init__(self.sentence % self.params)


# Separators between the digits of one number: any space or dash, dots, brackets.
_FILLER: Final = r"[\s().\-\u2010-\u2015\u2212]"
_ONE_NUMBER: Final = re.compile(rf"\+?(?:{_FILLER}|\d)*\d(?:{_FILLER})*")
_LABEL: Final = re.compile(r"[^\d+]*(?:[^\w+]|(?=\+)|^)(?=[\d+])")
_NOT_A_DIGIT: Final = re.compile(r"\D+")
_LETTER: Final = re.compile(r"[^\W\d_]")
_SCIENTIFIC: Final = re.compile(r"\d+(?:[.,]\d+)?[eEеЕ]\+?\d+")
_DECIMAL: Final = re.compile(r"(\+?\d{7,15})[.,]0+")
_BETWEEN_NUMBERS: Final = re.compile(r"[,;/|&\n]|:::|(?<=\d)\s*\+|(?<!\w)(?:або|или|or)(?!\w)")
_DIGITS_OF_ONE: Final = 7  # fewer digits are not a phone number on their own
_DIGITS_MAX: Final = 15  # of E.164
_AROUND: Final = " \t\r\n\u00a0\"'=,;"  # characters that programs and users put around a number
_TEXT_MAX: Final = 200  # characters of a label, a number and its separators
_BARE_MIN: Final = 11  # digits; shorter numbers without a plus are national
_INTERNATIONAL_PREFIX: Final = "00"
_UKRAINE: Final = "380"
_TRUNK_80: Final = re.compile(r"80\d{9}")  # the Ukrainian dialling format before 2009

# Numbers of these types receive no SMS, Viber or RCS messages and no flash calls.
_NOT_MOBILE: Final = frozenset(
    {
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.TOLL_FREE,
        PhoneNumberType.PAGER,
        PhoneNumberType.UAN,
        PhoneNumberType.VOICEMAIL,
    }
)


class _Digits(NamedTuple):
    """The digits of a text.

    Attributes:
        all: with the plus if there is one.
        first: those before the first space, dash or bracket, without the plus or ``00``.
    """

    all: str
    first: str


class _Number(NamedTuple):
    """A valid number.

    Attributes:
        is_own_form: whether the digits are exactly its country's national form, without the code.
    """

    is_mobile: bool
    e164: str
    country_code: str
    is_own_form: bool = False


_default_region: Callable[[], str | None] = lambda: None  # noqa: E731 - replaced by the app


def use_default_region(read: Callable[[], str | None]) -> None:
    """Set the function that returns the region of national numbers for the message classes."""
    global _default_region  # noqa: PLW0603 - the one hook into the host's settings
    _default_region = read


def default_region() -> str | None:
    """Return the two-letter country of national numbers; None to read only international ones."""
    return _default_region()


def normalise(raw: object, region: str | None = None, *, mobile: bool = False) -> str:
    """Convert a user-entered number to E.164 with the plus.

    A number that starts with its country code is read as international, with or without the plus.
    If the digits are also a valid national number, the reading that can receive messages wins.

    Args:
        raw: text or a `phonenumbers.PhoneNumber`. A label may come before the digits (``тел.
            067...``); letters among or after the digits are refused.
        region: two-letter country, such as ``UA``, for national numbers.
        mobile: refuse landlines and premium-rate numbers.

    Raises:
        InvalidPhone: with the reason.
    """
    number = _read(_as_text(raw), region)
    if mobile and not number.is_mobile:
        raise InvalidPhone(PhoneProblem.NOT_MOBILE)
    return number.e164


def is_phone(raw: object) -> bool:
    """Whether the message classes accept a text as a phone number."""
    try:
        return bool(normalise(raw, default_region()))
    except InvalidPhone:
        return False


def international(raw: str) -> str:
    """Convert a number from SMSBAT to E.164: it has a country code, with or without the plus.

    Raises:
        InvalidPhone: if the digits with a plus are not a valid number.
    """
    digits = _digits_of(_without_invisible(raw)).all.lstrip("+")
    number = _parsed(f"+{digits.removeprefix(_INTERNATIONAL_PREFIX)}", None)
    if number is None:
        raise InvalidPhone(PhoneProblem.NOT_A_PHONE)
    return number.e164


def _as_text(raw: object) -> str:
    if isinstance(raw, PhoneNumber):
        if raw.country_code is None or raw.national_number is None:
            raise InvalidPhone(PhoneProblem.NOT_A_PHONE)
        return phonenumbers.format_number(raw, phonenumbers.PhoneNumberFormat.E164)
    return str(raw)


@lru_cache(maxsize=4_096)
def _read(raw: str, region: str | None) -> _Number:
    digits = _digits_of(_without_invisible(raw), region)
    number = max(_readings(digits, region), default=None, key=_likelihood)
    if number is None:
        raise InvalidPhone(PhoneProblem.NOT_A_PHONE, region)
    return number


def _likelihood(number: _Number) -> tuple[bool, bool]:
    """Rank a reading: whether it can receive messages, then whether it is in national form."""
    return number.is_mobile, number.is_own_form


def _without_invisible(raw: str) -> str:
    """Remove format characters, which address books put around numbers."""
    if not raw.isascii():
        raw = "".join(c for c in raw if unicodedata.category(c) != "Cf")
    return raw.strip(_AROUND)


def _digits_of(text: str, region: str | None = None) -> _Digits:
    """Return the digits of the single number in a text."""
    if text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX:
        return _Digits(text, text)  # the most common form
    if len(text) > _TEXT_MAX:
        raise InvalidPhone(PhoneProblem.NOT_A_PHONE, region)
    if decimal := _DECIMAL.fullmatch(text):  # a numeric cell saved as text
        text = decimal[1]
    if _SCIENTIFIC.fullmatch(text):
        raise InvalidPhone(PhoneProblem.TRUNCATED)
    label = _LABEL.match(text)
    number = text[label.end() :] if label else text
    if not _ONE_NUMBER.fullmatch(number) or sum(map(str.isdigit, number)) > _DIGITS_MAX:
        raise InvalidPhone(_problem_of(text, number), region)
    bare = number.removeprefix("+").removeprefix(_INTERNATIONAL_PREFIX)
    groups = _NOT_A_DIGIT.split(_NOT_A_DIGIT.sub(" ", bare).strip())
    plus = "+" if number.startswith("+") else ""
    return _Digits(plus + _NOT_A_DIGIT.sub("", number), groups[0])


def _problem_of(text: str, number: str) -> PhoneProblem:
    if not text:
        return PhoneProblem.EMPTY
    if _holds_several(number):
        return PhoneProblem.SEVERAL
    has_letters = _LETTER.search(number) and any(map(str.isdigit, number))
    return PhoneProblem.LETTERS if has_letters else PhoneProblem.NOT_A_PHONE


def _holds_several(number: str) -> bool:
    """Whether a text has more digits after digits that are already a complete number."""
    pieces = [len(_NOT_A_DIGIT.sub("", piece)) for piece in _BETWEEN_NUMBERS.split(number)]
    if pieces[0] >= _DIGITS_OF_ONE and any(pieces[1:]):
        return True
    return len(pieces) == 1 and pieces[0] >= 2 * _DIGITS_OF_ONE + 2 and not _LETTER.search(number)


def _readings(digits: _Digits, region: str | None) -> Iterator[_Number]:
    """Yield the valid numbers that these digits can mean, the preferred one of equals first."""
    for candidate, country in _candidates(digits.all, region):
        number = _parsed(candidate, country)
        if number and (country or _begins_with_its_country(digits.first, number, region)):
            yield number


def _begins_with_its_country(first: str, number: _Number, region: str | None) -> bool:
    """Whether no space splits the country code of an international reading.

    In ``5 067 111 22 33`` the digit before the number is unrelated, and ``+38 (67) 111 22 33``
    lacks a zero: without this check, both would be read as numbers of other countries. Only ``+38
    067`` is usual, in Ukraine.
    """
    known = {_UKRAINE, _country_code(region) if region else _UKRAINE}
    return len(first) >= len(number.country_code) or number.country_code in known


def _candidates(digits: str, region: str | None) -> Iterator[tuple[str, str | None]]:
    """Yield readings of the digits: a text for `phonenumbers`, and the region of a national one."""
    if digits.startswith("+"):
        yield digits, None
        return
    if digits.startswith(_INTERNATIONAL_PREFIX):
        yield f"+{digits[len(_INTERNATIONAL_PREFIX) :]}", None
    elif len(digits) >= _BARE_MIN and not digits.startswith("0"):
        yield f"+{digits}", None
        if region and digits.startswith(_country_code(region)):
            return  # the national reading removes the country code again
    if region:
        yield digits, region
    if region == "UA" and _TRUNK_80.fullmatch(digits):
        yield f"+3{digits}", None


@lru_cache(maxsize=64)
def _country_code(region: str) -> str:
    return str(phonenumbers.country_code_for_region(region))


def _parsed(candidate: str, region: str | None) -> _Number | None:
    try:
        number = phonenumbers.parse(candidate, region)
    except phonenumbers.NumberParseException:
        return None
    kind = phonenumbers.number_type(number)
    if kind == PhoneNumberType.UNKNOWN:  # not a valid number of any kind
        return None
    e164 = f"+{number.country_code}{phonenumbers.national_significant_number(number)}"
    is_own = bool(region) and len(candidate) >= _BARE_MIN and _in_own_form(candidate, number)
    return _Number(kind not in _NOT_MOBILE, e164, str(number.country_code), is_own)


def _in_own_form(digits: str, number: PhoneNumber) -> bool:
    """Whether the digits are in national form: 11 digits in China and Brazil, without a 0."""
    form = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    return _NOT_A_DIGIT.sub("", form) == digits


_NO_DIGIT: Final = re.compile(r"\D")
_OTHER_DIGIT: Final = re.compile(r"(?![0-9])\d")
_DIGIT_RUN: Final = re.compile(r"\+?\d(?:[\s().\-]*\d){3,}")


def national(phone: str) -> str:
    """Return the national digits of a number in E.164; empty if the text is not a number."""
    try:
        return str(phonenumbers.parse(phone).national_number)
    except phonenumbers.NumberParseException:
        return ""


def plain_digits(text: str) -> str:
    """Return the text with decimal digits of any script converted to 0 to 9."""
    return _OTHER_DIGIT.sub(lambda digit: str(unicodedata.decimal(digit[0])), text)


def holds(text: str, phone: str) -> bool:
    """Whether the digits of a text contain the national digits of a number in E.164."""
    digits = national(phone)
    return bool(digits) and digits in _NO_DIGIT.sub("", plain_digits(text))


def mask(phone: str) -> str:
    """Mask a phone for logs and reprs: at least five digits are hidden."""
    shown = max(0, min(6, len(phone) - 7))
    return f"{phone[:shown]}…{phone[-2:]}" if shown else "…"


class MaskedPhone(str):
    """A number with a masked repr: error reports show the variables of every frame."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(mask(str(self)))


def redact(text: str) -> str:
    """Remove phone numbers and codes from external text: no four consecutive digits remain."""
    return _DIGIT_RUN.sub("…", text)
