"""The preflight: recipients, exclusions with reasons, SMS parts and duration before a launch.

It is stored with the campaign, with a fingerprint of text and audience. A launch that does not
match the fingerprint is refused, so that no site pays for a campaign that differs from its
preflight.
"""

import json
import math
from dataclasses import asdict
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final

from django.core import signing
from django.db import transaction
from django.utils import timezone

from django_smsbat import conf
from django_smsbat.conf import DEFAULT_ACCOUNT
from django_smsbat.gateway.message_types import MessageType
from django_smsbat.models import Campaign, Preflight
from django_smsbat.services.accounts import registry
from django_smsbat.services.campaigns import audience, recipient_fields
from django_smsbat.services.campaigns.audience import AudienceSummary
from django_smsbat.services.exceptions import ActionNotAllowed

_DIGEST_BYTES: Final = 16
_SALT: Final = "django_smsbat.preflight"
_COMPUTED: Final = (
    *("words", "audience", "recipients", "excluded", "examples", "placeholders", "repeated"),
    *("parts", "worst_case_parts", "duration"),
)
_APPROVAL: Final = ("approved_by", "approved_at")


def look(campaign: Campaign, now: datetime | None = None) -> Preflight:
    """Compute what a launch would do now, and store it in place of the last preflight.

    Raises:
        InvalidMessage: if the campaign's content is invalid.
    """
    with transaction.atomic():
        return _store(compute(campaign, now))


def compute(campaign: Campaign, now: datetime | None = None) -> Preflight:
    """Compute what a launch would do now, without storing it.

    Raises:
        InvalidMessage: if the campaign's content is invalid.
    """
    summary = audience.tally(campaign)
    settings = conf.current()
    account = registry.account(campaign.account)
    by_sms = campaign.type == MessageType.SMS
    preflight = Preflight(
        campaign_id=campaign.pk,
        made_at=now or timezone.now(),
        words=words_of(campaign),
        audience=summary.audience,
        recipients=summary.recipients,
        excluded={reason.value: count for reason, count in summary.excluded.items()},
        examples={reason.value: example for reason, example in summary.examples.items()},
        placeholders=_placeholders(campaign, summary),
        repeated=summary.repeated,
        parts={str(parts): count for parts, count in sorted(summary.parts.items())},
        worst_case_parts=summary.sms_parts + (0 if by_sms else summary.recipients),
        duration=math.ceil(summary.recipients / settings.batch_size) / account.send_rate,
    )
    _carry_approval(preflight, Preflight.objects.filter(campaign=campaign).first())
    return preflight


def sign(made: Preflight) -> str:
    """Return the preflight as signed text, which the confirmation form carries."""
    fields = {name: getattr(made, name) for name in _COMPUTED}
    fields |= {"campaign_id": made.campaign_id, "made_at": made.made_at.isoformat()}
    return signing.dumps(fields, salt=_SALT, compress=True)


def unsign(campaign: Campaign, signed: str) -> Preflight | None:
    """Return the preflight from signed text; None if it is invalid or of another campaign."""
    try:
        fields = signing.loads(signed, salt=_SALT)
    except signing.BadSignature:
        return None
    if fields["campaign_id"] != campaign.pk:
        return None
    return Preflight(**{**fields, "made_at": datetime.fromisoformat(fields["made_at"])})


def confirm(seen: Preflight) -> Preflight:
    """Store the preflight that a person confirmed.

    Raises:
        ActionNotAllowed: if a different preflight was stored since.
    """
    with transaction.atomic():
        last = Preflight.objects.select_for_update().filter(campaign=seen.campaign_id).first()
        is_newer = last is not None and last.made_at >= seen.made_at
        if last is not None and is_newer and last.fingerprint != seen.fingerprint:
            raise ActionNotAllowed("Since it was looked at, it has changed: look again.")
        return _store(seen)


def _store(made: Preflight) -> Preflight:
    """Replace the stored preflight in a transaction; an approval of an equal one stays valid."""
    last = Preflight.objects.select_for_update().filter(campaign=made.campaign_id).first()
    _carry_approval(made, last)
    names = (*_COMPUTED, "made_at", *_APPROVAL)
    fields = {name: getattr(made, name) for name in names}
    stored, _ = Preflight.objects.update_or_create(campaign_id=made.campaign_id, defaults=fields)
    return stored


def _carry_approval(made: Preflight, last: Preflight | None) -> None:
    is_same = last is not None and last.fingerprint == made.fingerprint
    made.approved_by = last.approved_by if last and is_same else ""
    made.approved_at = last.approved_at if last and is_same else None


def _placeholders(campaign: Campaign, summary: AudienceSummary) -> dict[str, dict[str, Any]]:
    """Return the counts of each placeholder's field, with a suggestion for unknown fields."""
    counts: dict[str, dict[str, Any]] = {
        name: asdict(count) for name, count in summary.fields.items()
    }
    unknown = [name for name, count in summary.fields.items() if not count.has_value]
    if unknown:
        people = recipient_fields.sample(campaign.lists.values_list("pk", flat=True))
        known = recipient_fields.known_fields(people)
        for name in unknown:
            counts[name]["suggestion"] = recipient_fields.closest(name, known)
    return counts


def words_of(campaign: Campaign) -> str:
    """Return a fingerprint of the content, of its promotional flag, and of the account."""
    content = asdict(audience.content_of(campaign).content)
    # The default account is omitted, so that older fingerprints stay valid.
    payer = [] if campaign.account == DEFAULT_ACCOUNT else [campaign.account]
    text = json.dumps([content, campaign.is_promotional, *payer], sort_keys=True)
    return blake2b(text.encode(), digest_size=_DIGEST_BYTES).hexdigest()


def hold_words_to(campaign: Campaign, fingerprint: str) -> None:
    """Require that the text has not changed since the preflight.

    Raises:
        ActionNotAllowed: if it has changed.
    """
    if fingerprint.partition("-")[0] != words_of(campaign):
        raise ActionNotAllowed("Since it was looked at, what it says has changed: look again.")


def hold_to(
    campaign: Campaign, made: AudienceSummary, fingerprint: str | None, *, people_may_change: bool
) -> None:
    """Require that a launch matches its preflight.

    Args:
        fingerprint: the fingerprint of the preflight; None for the last one, if there is one.
        people_may_change: whether the audience may differ.

    Raises:
        ActionNotAllowed: naming what has changed.
    """
    last = Preflight.objects.filter(campaign=campaign).first()
    if fingerprint is None and last is None:
        return
    words, _, people = (fingerprint or (last.fingerprint if last else "")).partition("-")
    changed = []
    if words != words_of(campaign):
        changed.append("what it says")
    seen = last.recipients if last and last.audience == people else None
    # A changed text also changes the audience fingerprint of a personal campaign.
    same_people = people == made.audience or (changed and seen == made.recipients)
    if not same_people and not people_may_change:
        counted = f" ({seen:,} then, {made.recipients:,} now)" if seen is not None else ""
        changed.append(f"who gets it{counted}")
    if changed:
        raise ActionNotAllowed(
            f"Since it was looked at, {' and '.join(changed)} has changed: look again."
        )
