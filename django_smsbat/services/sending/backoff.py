"""Back off after a refusal by SMSBAT. The state is in the database, shared by all workers."""

import random
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from django_smsbat.conf import DEFAULT_ACCOUNT
from django_smsbat.models import Backoff
from django_smsbat.services import database_connections
from django_smsbat.services.clock import Clock

SEND: Final = "send"
STATUS: Final = "status"


def of(kind: str, account: str) -> str:
    """Return the name of the back-off state for a kind of request and an account."""
    return kind if account == DEFAULT_ACCOUNT else f"{kind}:{account}"


REFUSALS_MAX: Final = 5  # in a row; then a run gives up and leaves the rest to the next run
_PATIENCE: Final = 60.0  # seconds; a run does not wait longer than this for a back-off to end

_FIRST_DELAY: Final = 1.0  # seconds, doubled with each refusal: SMSBAT's advice for 429
_LONGEST_DELAY: Final = 300.0
_LONGEST_ASKED: Final = 86_400.0  # a Retry-After of more than a day is treated as a mistake
_JITTER: Final = 0.25  # of the delay, so that workers do not resume all at once


def remaining(name: str, now: datetime) -> float:
    """Return the seconds until the back-off ends; 0 if requests may be sent now."""
    row = Backoff.objects.filter(name=name, not_before__gt=now).first()
    return (row.not_before - now).total_seconds() if row and row.not_before else 0.0


def is_counting(name: str) -> bool:
    """Whether the last recorded request of that kind was refused."""
    return Backoff.objects.filter(name=name, refusals__gt=0).exists()


def wait(delay: float, clock: Clock) -> str:
    """Wait until the back-off ends.

    Returns:
        The reason to give up, if the wait is too long or the clock does not move; else empty.
    """
    if delay > _PATIENCE:
        return f"SMSBAT is left alone for {delay:.0f} more seconds"
    before = clock.now()
    database_connections.release(expected=delay)
    clock.sleep(delay)
    if clock.now() <= before and not clock.stopping:
        # A frozen clock: the pause would never end.
        return f"SMSBAT is left alone for {delay:.0f} more seconds, and the clock does not move"
    return ""


def refused(name: str, retry_after: float | None, now: datetime) -> bool:
    """Make all workers back off after a refusal.

    Concurrent requests are refused together, so they count as one refusal.

    Args:
        retry_after: seconds that SMSBAT requested; overrides our own doubling delay.

    Returns:
        Whether the refusal counted. It does not if a back-off was already in force.
    """
    with transaction.atomic():
        Backoff.objects.get_or_create(name=name)
        row = Backoff.objects.select_for_update().get(name=name)
        is_new = row.not_before is None or row.not_before <= now
        if retry_after is not None:
            asked = now + timedelta(seconds=min(retry_after, _LONGEST_ASKED))
            row.not_before = max(asked, row.not_before or asked)
        elif is_new:
            row.not_before = now + timedelta(seconds=_delay(row.refusals))
        row.refusals = min(row.refusals + is_new, 1_000)
        row.save()
    return is_new


def succeeded(name: str, now: datetime) -> None:
    """Reset the back-off after a success: the next refusal starts from the first delay.

    A back-off that another worker has started meanwhile stays in force.
    """
    over = Backoff.objects.filter(name=name, refusals__gt=0, not_before__lte=now)
    over.update(refusals=0, not_before=None)


def forget_after_success(name: str, now: datetime) -> None:
    """Call `succeeded` for a request outside a run, if an earlier refusal is recorded."""
    if is_counting(name):
        succeeded(name, now)


def _delay(refusals: int) -> float:
    delay: float = min(_FIRST_DELAY * 2 ** min(refusals, 16), _LONGEST_DELAY)
    return delay * (1 + random.uniform(0, _JITTER))  # noqa: S311 - no secret
