"""Generate codes, store them only as a keyed hash, and compare them in constant time.

The code of a flash call is the visible digits of the caller number.
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

SHOWN: Final = "#"  # marks a digit of the code in a shape
HIDDEN: Final = "*"
MASK: Final = "•"
_SALT: Final = "django_smsbat.verification"
_PATTERN: Final = re.compile(r"\+?[0-9*]{4,31}")
_SHOWN_MIN: Final = 5  # fewer digits at the end of the number are too easy to guess


def new(length: int) -> str:
    """Return that many random digits."""
    return "".join(secrets.choice("0123456789") for _ in range(length))


def shape_of(pattern: str) -> tuple[str, str] | None:
    """Return the shape and the code of a flash call's pattern, such as ``***456789``.

    Returns:
        None if the pattern is invalid or its end shows too few digits: only the last digits
        distinguish the numbers of an operator.
    """
    if not _PATTERN.fullmatch(pattern):
        return None
    pattern = pattern.lstrip("+")
    code = pattern.replace(HIDDEN, "")
    ending = pattern.rpartition(HIDDEN)[2]
    return (re.sub(r"[0-9]", SHOWN, pattern), code) if len(ending) >= _SHOWN_MIN else None


@sensitive_variables()
def is_shown_by(number: str, shape: str, code: str) -> bool:
    """Return whether the digits of a number at the visible places of the shape are the code."""
    return _as_shaped(_digits(number), shape) == code


@sensitive_variables()
def hashed(verification: Verification, code: str) -> str:
    """Return the stored hash of a code. It depends on the verification's id and the secret key."""
    return next(_hashes(verification, code))


@sensitive_variables()
def matches(verification: Verification, written: str) -> bool:
    """Return whether the input is the code; for a flash call also the whole caller number."""
    code = _as_shaped(_digits(written), verification.code_shape)
    known = verification.code_hash
    # Compare all hashes, so that the duration reveals nothing.
    results = [constant_time_compare(known, digest) for digest in _hashes(verification, code)]
    return bool(known) and any(results)


@sensitive_variables()
def is_written_like(written: str, verification: Verification) -> bool:
    """Return whether the input has enough digits to be a code. Other input costs no attempt."""
    return len(_digits(written)) >= verification.code_length > 0


@sensitive_variables()
def _hashes(verification: Verification, code: str) -> Iterator[str]:
    """Yield the hash with Django's `SECRET_KEY`, then with each of its fallbacks."""
    for key in conf.secret_keys():
        value = f"{verification.id}:{code}"
        yield salted_hmac(_SALT, value, secret=key, algorithm="sha256").hexdigest()


@sensitive_variables()
def _digits(written: str) -> str:
    return "".join(str(unicodedata.decimal(one)) for one in written if one.isdecimal())


@sensitive_variables()
def _as_shaped(digits: str, shape: str) -> str:
    """Return the digits of the code from a whole number, aligned with the shape at its end."""
    if len(digits) < len(shape) or HIDDEN not in shape:
        return digits
    ending = digits[len(digits) - len(shape) :]
    return "".join(one for one, mark in zip(ending, shape, strict=True) if mark == SHOWN)
