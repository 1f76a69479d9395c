"""Settle messages with an expired lease: it is unknown whether SMSBAT took them."""

import logging
from datetime import datetime
from typing import Final

from django.db import transaction

from django_smsbat.gateway.statuses import Status
from django_smsbat.models import Message
from django_smsbat.services.campaigns import lifecycle
from django_smsbat.services.tracking import recorder

logger = logging.getLogger("django_smsbat")

_SETTLE_CHUNK: Final = 1_000


def settle_lost(now: datetime) -> int:
    """Mark messages with an expired lease as `unconfirmed`; return how many."""
    settled = 0
    while True:
        with transaction.atomic():
            lost = list(
                Message.objects.lease_expired(now).order_by("pk").locked(skip=True)[:_SETTLE_CHUNK]
            )
            reason = "the worker that sent it fell silent"
            reports = [recorder.local(m, Status.UNCONFIRMED, "lease_over", reason) for m in lost]
            moved = len(recorder.record(reports, now))
        if not moved:
            return settled
        logger.warning("%d messages became unconfirmed: their worker fell silent", moved)
        settled += moved
        for campaign_id in {m.campaign_id for m in lost if m.campaign_id is not None}:
            lifecycle.finish_if_done(campaign_id, now)
