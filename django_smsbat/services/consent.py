"""Opting out and in: each change kept with its reason, the latest one valid, reversible.

Who has opted out gets nothing promotional: the launch and the claim ask `Recipient.opted_out_at`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils import timezone

from django_smsbat import signals
from django_smsbat.gateway.private_frames import private_frames
from django_smsbat.models import ConsentChange, ConsentSource, InboundMessage, Recipient
from django_smsbat.services import announcing, suppression

REASON_MAX: Final = 200  # characters


@dataclass(frozen=True, kw_only=True)
class Said:
    """How a change of consent came about.

    Attributes:
        reason: the person's own word, or the words of whoever entered it.
        at: when they said so; None for now.
        entered_by: the login of whoever entered it.
    """

    source: ConsentSource = ConsentSource.CODE
    reason: str = field(default="", repr=False)
    inbound: InboundMessage | None = None
    entered_by: str = ""
    at: datetime | None = None


@private_frames
def opt_out(recipient: Recipient, said: Said = Said(), now: datetime | None = None) -> bool:
    """Send nothing promotional to this person any more.

    Returns:
        Whether that changed anything; it is kept in any case. Somebody who opted in later than `at`
        stays opted in.
    """
    return _change(recipient, said, now or timezone.now(), is_opt_out=True) is not None


@private_frames
def opt_in(recipient: Recipient, said: Said = Said(), now: datetime | None = None) -> bool:
    """The reverse. Somebody who opted out later than `at` stays opted out."""
    return _change(recipient, said, now or timezone.now(), is_opt_out=False) is not None


def opt_out_sender(inbound: InboundMessage, entered_by: str, now: datetime | None = None) -> bool:
    """Opt out the sender of a message, as decided by a person on this site.

    Returns:
        Whether that changed anything.
    """
    if inbound.recipient is None:
        return False
    said = Said(
        source=ConsentSource.PERSON,
        reason=inbound.text.strip(),
        inbound=inbound,
        entered_by=entered_by,
    )
    return opt_out(inbound.recipient, said, now)


def heed_keyword(
    inbound: InboundMessage, now: datetime, *, is_opt_out: bool
) -> ConsentChange | None:
    """Do what an incoming message asks for; the change, None where nothing changed."""
    if inbound.recipient is None:
        return None
    said = Said(
        source=ConsentSource.KEYWORD,
        reason=inbound.text.strip(),
        inbound=inbound,
        at=inbound.received_at,
    )
    return _change(inbound.recipient, said, now, is_opt_out=is_opt_out)


def _change(
    recipient: Recipient, said: Said, now: datetime, *, is_opt_out: bool
) -> ConsentChange | None:
    at = min(said.at or now, now)  # a clock that is ahead must not outvote what is said later
    with transaction.atomic():
        locked = Recipient.objects.select_for_update().get(pk=recipient.pk)
        latest = ConsentChange.objects.filter(recipient=locked).order_by("-at", "-id").first()
        made = ConsentChange.objects.create(
            recipient=locked,
            is_opt_out=is_opt_out,
            source=said.source,
            reason=said.reason[:REASON_MAX],
            inbound=said.inbound,
            entered_by=said.entered_by,
            at=at,
            recorded_at=now,
        )
        # Earlier messages that might ask to opt out need no decision any more.
        flagged = InboundMessage.objects.filter(recipient=locked, may_be_opt_out=True)
        flagged.filter(received_at__lte=at).update(may_be_opt_out=False)
        is_outdated = (latest is not None and latest.at > at) or (
            locked.opted_out_at is not None and locked.opted_out_at > at
        )
        if is_outdated or is_opt_out == (locked.opted_out_at is not None):
            return None
        recipient.opted_out_at = locked.opted_out_at = at if is_opt_out else None
        locked.save(update_fields=["opted_out_at"])
        if not is_opt_out:
            suppression.lift(locked.phone)
        announcing.after_commit(
            signals.recipient_opted_out if is_opt_out else signals.recipient_opted_in,
            [{"recipient": locked, "change": made}],
            sender=Recipient,
        )
    return made
