"""The numbers that flash calls come from. The end of the number that rings is the code."""

import secrets
from collections.abc import Iterable
from typing import Final

from django.core.exceptions import ImproperlyConfigured

from django_smsbat.conf import Settings
from django_smsbat.gateway.message_types import FLASH_CALL_DIGITS
from django_smsbat.models import Channel

FEW: Final = 10  # with fewer codes than this, a system check warns
_TRIES_MIN: Final = 2  # everybody may mistype once


def draw(settings: Settings) -> str:
    """A number for one call.

    Each draw is independent of all earlier ones. If a second call avoided the number of the first,
    a wrong guess at the first would help to guess the second.

    Raises:
        ImproperlyConfigured: when `VERIFY_CALLER_IDS` is empty.
    """
    if not settings.verify_caller_ids:
        raise ImproperlyConfigured(
            "SMSBAT['VERIFY_CALLER_IDS'] is empty: a flash call needs a number that it comes from"
        )
    return secrets.choice(settings.verify_caller_ids)


def codes(numbers: Iterable[str]) -> int:
    """The number of different codes that calls from these numbers can show.

    Two numbers that end alike show the same code.
    """
    return len({number[-FLASH_CALL_DIGITS:] for number in numbers})


def attempts(channel: str, settings: Settings) -> int:
    """How often a code of that channel may be tried: `VERIFY_ATTEMPTS`, or less for a flash call.

    A flash call has only as many codes as there are numbers. At most one in ten of them may be
    tried, but always two.
    """
    if channel != Channel.FLASH_CALL:
        return settings.verify_attempts
    share = codes(settings.verify_caller_ids) // FEW
    return min(settings.verify_attempts, max(_TRIES_MIN, share))
