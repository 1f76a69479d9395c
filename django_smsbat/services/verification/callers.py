"""Caller numbers of flash calls. The last digits of the caller number are the code."""

import secrets
from collections.abc import Iterable
from typing import Final

from django.core.exceptions import ImproperlyConfigured

from django_smsbat.conf import Settings
from django_smsbat.gateway.message_types import FLASH_CALL_DIGITS
from django_smsbat.models import Channel

FEW: Final = 10  # with fewer codes than this, a system check warns
_TRIES_MIN: Final = 2  # allows for a typing error


def draw(settings: Settings) -> str:
    """Return a random caller number for a call.

    Draws are independent. If a second call avoided the number of the first, a wrong guess at the
    first would help to guess the second.

    Raises:
        ImproperlyConfigured: if `VERIFY_CALLER_IDS` is empty.
    """
    if not settings.verify_caller_ids:
        raise ImproperlyConfigured(
            "SMSBAT['VERIFY_CALLER_IDS'] is empty: a flash call needs a number that it comes from"
        )
    return secrets.choice(settings.verify_caller_ids)


def codes(numbers: Iterable[str]) -> int:
    """Return the number of different codes that calls from these numbers can show.

    Numbers with the same last digits show the same code.
    """
    return len({number[-FLASH_CALL_DIGITS:] for number in numbers})


def attempts(channel: str, settings: Settings) -> int:
    """Return the attempts allowed for a code: `VERIFY_ATTEMPTS`, or fewer for a flash call.

    A flash call has at most as many codes as there are caller numbers. A tenth of these codes may
    be tried, but at least two.
    """
    if channel != Channel.FLASH_CALL:
        return settings.verify_attempts
    share = codes(settings.verify_caller_ids) // FEW
    return min(settings.verify_attempts, max(_TRIES_MIN, share))
