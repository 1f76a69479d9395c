"""One person erased on request: their messages, what they wrote, and what is known of them.

The numbers of campaigns stay, and a keyed hash of the phone, so that no import brings them back.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.apps import apps
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from django_smsbat import conf
from django_smsbat.gateway import phones
from django_smsbat.gateway.private_frames import private_frames
from django_smsbat.gateway.statuses import UNSENT, Status
from django_smsbat.models import InboundMessage, Message, Recipient, Verification
from django_smsbat.services.consent import suppression
from django_smsbat.services.recipients.imports import uploads
from django_smsbat.services.recipients.imports.traces import Traces
from django_smsbat.services.retention import purge
from django_smsbat.services.tracking import orphans, recorder


class StillSending(Exception):
    """A message to that person is being sent at this moment; the text says what to do."""


@dataclass(frozen=True)
class Erased:
    """How much there was."""

    messages: int
    inbound: int
    recipients: int


@private_frames
@transaction.atomic
def erase(phone: str, now: datetime | None = None) -> Erased:
    """Remove everything that is known of a phone, and let no import bring it back.

    What is queued for it is cancelled first. Whoever writes again by themselves is known again, and
    stays opted out until a person on this site opts them in.

    Args:
        phone: as people write it, or as it stands in an incoming message.

    Raises:
        InvalidPhone: when that is no phone; nothing was erased.
        StillSending: when a worker holds a message to it; nothing was erased.
        StillImporting: when a worker imports a file that may name them; nothing was erased.
    """
    moment = now or timezone.now()
    phone = _known(phone)
    suppression.suppress(phone, moment)
    Recipient.objects.filter(phone=phone).update(opted_out_at=moment)  # nothing more is queued
    # Also what stands under a number that they had before.
    to_them = Message.objects.filter(Q(to=phone) | Q(recipient__phone=phone))
    unsent = Message.objects.among(list(to_them.values_list("pk", flat=True)))
    waiting = list(unsent.filter(status__in=[status.value for status in UNSENT]).locked())
    if any(message.status == Status.SENDING for message in waiting):
        raise StillSending("A message to this phone is being sent: try again in a few minutes.")
    words = [recorder.local(one, Status.CANCELLED, "erased") for one in waiting]
    recorder.record(words, moment)
    person = _traces(phone)
    of_person: dict[type[models.Model], list[int]] = {
        Message: list(to_them.values_list("pk", flat=True)),
        InboundMessage: list(_written_by(phone)),
        Recipient: list(Recipient.objects.filter(phone=phone).values_list("pk", flat=True)),
    }
    Verification.objects.filter(phone=phone).delete()
    purge.remove(of_person[Message])
    orphans.forget_phone(phone)
    for model in (InboundMessage, Recipient):
        model.objects.filter(pk__in=of_person[model]).delete()
    _forget_in_log(of_person, person.names)
    uploads.forget(person)
    return Erased(*(len(keys) for keys in of_person.values()))


def _known(phone: str) -> str:
    """As it is kept: in E.164, or as it came where it could not be read."""
    try:
        return phones.normalise(phone, conf.current().default_region)
    except phones.InvalidPhone:
        if InboundMessage.objects.filter(phone=phone).exists():
            return phone
        raise


def _traces(phone: str) -> Traces:
    known = list(Recipient.objects.filter(phone=phone).values_list("name", "email"))
    names = frozenset(name for name, _email in known if name)
    return Traces(phone, names, frozenset(email for _name, email in known if email))


def _written_by(phone: str) -> set[int]:
    """What they wrote, also where the number came in a form that could not be read."""
    own = InboundMessage.objects.filter(Q(phone=phone) | Q(recipient__phone=phone))
    found = set(own.values_list("pk", flat=True))
    unread = InboundMessage.objects.exclude(phone__regex=r"^\+[0-9]+$").order_by()
    for key, written in unread.values_list("pk", "phone").iterator():
        if phones.holds(written, phone):
            found.add(key)
    return found


def _forget_in_log(
    of_person: Mapping[type[models.Model], list[int]], names: Collection[str]
) -> None:
    """The admin's history names what it is about, also a recipient who was deleted before."""
    if not apps.is_installed("django.contrib.admin"):
        return
    from django.contrib.admin.models import LogEntry
    from django.contrib.contenttypes.models import ContentType

    for model, keys in of_person.items():
        own = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(model))
        own.filter(object_id__in=[str(key) for key in keys]).delete()
    # Of a recipient who was deleted only the name is left; the entry of another person with the
    # same name keeps its key.
    people = ContentType.objects.get_for_model(Recipient)
    named = LogEntry.objects.filter(content_type=people, object_repr__in=[*names])
    for entry in named:
        entry.object_repr = f"#{entry.object_id}"
        entry.save(update_fields=["object_repr"])
