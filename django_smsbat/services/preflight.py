"""The look at a campaign before it is sent: who, who not and why, how many parts, how long.

It is stored with the campaign and carries a fingerprint of words and audience. A launch that no
longer fits it is refused: nobody pays for another campaign than the one that was looked at.
"""

import json
import math
from dataclasses import asdict
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from django_smsbat import conf
from django_smsbat.conf import DEFAULT_ACCOUNT
from django_smsbat.gateway.message_types import MessageType
from django_smsbat.models import Campaign, Preflight
from django_smsbat.services import accounts, audience, recipient_fields
from django_smsbat.services.audience import Tally
from django_smsbat.services.transitions import Refused

_DIGEST_BYTES: Final = 16


def look(campaign: Campaign, now: datetime | None = None) -> Preflight:
    """Find out what a launch would do now, and keep it with the campaign in place of the last look.

    Raises:
        InvalidMessage: when the campaign itself cannot be sent.
    """
    found = audience.tally(campaign)
    settings = conf.current()
    account = accounts.account(campaign.account)
    words = words_of(campaign)
    by_sms = campaign.type == MessageType.SMS
    told = {
        "made_at": now or timezone.now(),
        "words": words,
        "audience": found.audience,
        "recipients": found.recipients,
        "excluded": {reason.value: count for reason, count in found.excluded.items()},
        "examples": {reason.value: told for reason, told in found.examples.items()},
        "placeholders": _placeholders(campaign, found),
        "repeated": found.repeated,
        "parts": {str(parts): count for parts, count in sorted(found.parts.items())},
        "worst_case_parts": found.sms_parts + (0 if by_sms else found.recipients),
        "duration": math.ceil(found.recipients / settings.batch_size) / account.send_rate,
    }
    with transaction.atomic():
        last = Preflight.objects.select_for_update().filter(campaign=campaign)
        if not last.filter(words=words, audience=found.audience).exists():
            told |= {"approved_by": "", "approved_at": None}
        made, _ = Preflight.objects.update_or_create(campaign=campaign, defaults=told)
    return made


def _placeholders(campaign: Campaign, found: Tally) -> dict[str, dict[str, Any]]:
    """What was found of each placeholder's field, as it is stored."""
    counts: dict[str, dict[str, Any]] = {name: asdict(one) for name, one in found.fields.items()}
    unknown = [name for name, one in found.fields.items() if not one.has_value]
    if unknown:
        people = recipient_fields.sample(campaign.lists.values_list("pk", flat=True))
        known = recipient_fields.known_fields(people)
        for name in unknown:
            counts[name]["suggestion"] = recipient_fields.closest(name, known)
    return counts


def words_of(campaign: Campaign) -> str:
    """A fingerprint of everything that is said, of whether it needs consent, and of who pays."""
    said = asdict(audience.content_of(campaign).content)
    # The default account stands for itself: looks of before there were others stay what they were.
    payer = [] if campaign.account == DEFAULT_ACCOUNT else [campaign.account]
    text = json.dumps([said, campaign.is_promotional, *payer], sort_keys=True)
    return blake2b(text.encode(), digest_size=_DIGEST_BYTES).hexdigest()


def hold_words_to(campaign: Campaign, fingerprint: str) -> None:
    """Refuse what says something else than what was looked at.

    Raises:
        Refused: saying so.
    """
    if fingerprint.partition("-")[0] != words_of(campaign):
        raise Refused("Since it was looked at, what it says has changed: look again.")


def hold_to(
    campaign: Campaign, made: Tally, fingerprint: str | None, *, people_may_change: bool
) -> None:
    """Refuse a launch that does something else than what was looked at.

    Args:
        fingerprint: of the look that is meant; None for the last one, where there is one.

    Raises:
        Refused: saying what has changed.
    """
    last = Preflight.objects.filter(campaign=campaign).first()
    if fingerprint is None and last is None:
        return
    words, _, people = (fingerprint or (last.fingerprint if last else "")).partition("-")
    changed = []
    if words != words_of(campaign):
        changed.append("what it says")
    seen = last.recipients if last and last.audience == people else None
    # Other words make another fingerprint of a personal audience too.
    same_people = people == made.audience or (changed and seen == made.recipients)
    if not same_people and not people_may_change:
        counted = f" ({seen:,} then, {made.recipients:,} now)" if seen is not None else ""
        changed.append(f"who gets it{counted}")
    if changed:
        raise Refused(f"Since it was looked at, {' and '.join(changed)} has changed: look again.")
