"""Codes: made, kept as a keyed hash alone, compared in constant time.

A flash call's code is the digits that its caller's number shows.
"""

import re
import secrets
import unicodedata
from collections.abc import Iterator
from typing import Final

from django.utils.crypto import constant_time_compare, salted_hmac
from django.views.decorators.debug import sensitive_variables

from django_smsbat import conf
from django_smsbat.models import Verification

SHOWN: Final = "#"  # a digit of the code, in a shape
HIDDEN: Final = "*"
MASK: Final = "•"
_SALT: Final = "django_smsbat.verification"
_PATTERN: Final = re.compile(r"\+?[0-9*]{4,31}")
_SHOWN_MIN: Final = 5  # fewer digits at the end of the number are too easy to guess


def new(length: int) -> str:
    """So many random digits."""
    return "".join(secrets.choice("0123456789") for _ in range(length))


def shape_of(pattern: str) -> tuple[str, str] | None:
    """Shape and code of a flash call's pattern, such as ``***456789``; None where it is none.

    Only its end tells a number from others of its operator: enough digits must be shown there.
    """
    if not _PATTERN.fullmatch(pattern):
        return None
    pattern = pattern.lstrip("+")
    code = pattern.replace(HIDDEN, "")
    ending = pattern.rpartition(HIDDEN)[2]
    return (re.sub(r"[0-9]", SHOWN, pattern), code) if len(ending) >= _SHOWN_MIN else None


@sensitive_variables()
def is_shown_by(number: str, shape: str, code: str) -> bool:
    """Whether a number shows that code where the shape shows digits."""
    return _as_shaped(_digits(number), shape) == code


@sensitive_variables()
def hashed(verification: Verification, code: str) -> str:
    """What is kept of the code: nobody can use it on another verification, or without our key."""
    return next(_hashes(verification, code))


@sensitive_variables()
def matches(verification: Verification, written: str) -> bool:
    """Whether that is the code; of a flash call also the whole number that called."""
    code = _as_shaped(_digits(written), verification.code_shape)
    known = verification.code_hash
    # All are compared, so that the time taken tells nothing.
    found = [constant_time_compare(known, one) for one in _hashes(verification, code)]
    return bool(known) and any(found)


@sensitive_variables()
def is_written_like(written: str, verification: Verification) -> bool:
    """Whether it can be a code at all: what cannot costs no attempt."""
    return len(_digits(written)) >= verification.code_length > 0


@sensitive_variables()
def _hashes(verification: Verification, code: str) -> Iterator[str]:
    """By Django's secret key, then by those that it replaced."""
    for key in conf.secret_keys():
        words = f"{verification.id}:{code}"
        yield salted_hmac(_SALT, words, secret=key, algorithm="sha256").hexdigest()


@sensitive_variables()
def _digits(written: str) -> str:
    return "".join(str(unicodedata.decimal(one)) for one in written if one.isdecimal())


@sensitive_variables()
def _as_shaped(digits: str, shape: str) -> str:
    """The digits of the code from a whole number: counted from its end, as the shape is."""
    if len(digits) < len(shape) or HIDDEN not in shape:
        return digits
    ending = digits[len(digits) - len(shape) :]
    return "".join(one for one, mark in zip(ending, shape, strict=True) if mark == SHOWN)
