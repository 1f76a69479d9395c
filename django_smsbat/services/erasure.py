"""One person erased on request: their messages, what they wrote, and what is known of them.

The numbers of campaigns stay, and a keyed hash of the phone, so that no import brings them back.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from django_smsbat.gateway.statuses import UNSENT, Status
from django_smsbat.models import InboundMessage, Message, Recipient
from django_smsbat.services import purging, suppression, tracking


class StillSending(Exception):
    """A message to that person is being sent at this moment; the text says what to do."""


@dataclass(frozen=True)
class Erased:
    """How much there was."""

    messages: int
    inbound: int
    recipients: int


@transaction.atomic
def erase(phone: str, now: datetime | None = None) -> Erased:
    """Remove everything that is known of a phone, and let no import bring it back.

    What is queued for it is cancelled first. Whoever writes again by themselves is known again, and
    stays opted out until they opt in.

    Args:
        phone: in E.164.

    Raises:
        StillSending: when a worker holds a message to it; nothing was erased.
    """
    moment = now or timezone.now()
    suppression.suppress(phone, moment)
    Recipient.objects.filter(phone=phone).update(opted_out_at=moment)  # nothing more is queued
    unsent = Message.objects.filter(to=phone, status__in=[status.value for status in UNSENT])
    waiting = list(unsent.locked())
    if any(message.status == Status.SENDING for message in waiting):
        raise StillSending("A message to this phone is being sent: try again in a few minutes.")
    words = [tracking.local(one, Status.CANCELLED, "erased") for one in waiting]
    tracking.record(words, moment)
    messages = purging.remove(list(Message.objects.filter(to=phone).values_list("pk", flat=True)))
    inbound, _ = InboundMessage.objects.filter(phone=phone).delete()
    recipients = Recipient.objects.filter(phone=phone)
    found = recipients.count()
    recipients.delete()
    return Erased(messages, inbound, found)
