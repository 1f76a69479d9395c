"""Erase a person on request: their messages, their incoming messages, and their personal data.

The statistics of campaigns are retained. A keyed hash of the phone is stored, so that no import
adds the person again.
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
    """A worker is sending a message to that person. The text says what to do."""


@dataclass(frozen=True)
class Erased:
    """The numbers of erased rows."""

    messages: int
    inbound: int
    recipients: int


@private_frames
@transaction.atomic
def erase(phone: str, now: datetime | None = None) -> Erased:
    """Delete all data of a phone, and prevent imports from adding it again.

    Queued messages are cancelled first. An erased person who writes again becomes a recipient
    again, and stays opted out until a user of this site opts them in.

    Args:
        phone: in any usual form, or exactly as in an incoming message.

    Raises:
        InvalidPhone: if the phone is invalid; nothing was erased.
        StillSending: if a worker has claimed a message to it; nothing was erased.
        StillImporting: if a worker is importing a file that may name them; nothing was erased.
    """
    now = now or timezone.now()
    phone = _known(phone)
    suppression.suppress(phone, now)
    Recipient.objects.filter(phone=phone).update(opted_out_at=now)  # prevents new messages
    # Include messages to a previous number of the recipient.
    to_them = Message.objects.filter(Q(to=phone) | Q(recipient__phone=phone))
    unsent = Message.objects.among(list(to_them.values_list("pk", flat=True)))
    waiting = list(unsent.filter(status__in=[status.value for status in UNSENT]).locked())
    if any(message.status == Status.SENDING for message in waiting):
        raise StillSending("A message to this phone is being sent: try again in a few minutes.")
    reports = [recorder.local(message, Status.CANCELLED, "erased") for message in waiting]
    recorder.record(reports, now)
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
    """Return the phone as stored: in E.164, or as received if it is unreadable."""
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
    """Return the keys of their incoming messages, including those with an unreadable number."""
    own = InboundMessage.objects.filter(Q(phone=phone) | Q(recipient__phone=phone))
    keys = set(own.values_list("pk", flat=True))
    unreadable = InboundMessage.objects.exclude(phone__regex=r"^\+[0-9]+$").order_by()
    for key, raw in unreadable.values_list("pk", "phone").iterator():
        if phones.holds(raw, phone):
            keys.add(key)
    return keys


def _forget_in_log(
    of_person: Mapping[type[models.Model], list[int]], names: Collection[str]
) -> None:
    """Delete the person from the admin's history, which names also deleted recipients."""
    if not apps.is_installed("django.contrib.admin"):
        return
    from django.contrib.admin.models import LogEntry
    from django.contrib.contenttypes.models import ContentType

    for model, keys in of_person.items():
        own = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(model))
        own.filter(object_id__in=[str(key) for key in keys]).delete()
    # The entry of a deleted recipient is identified only by the name. It is anonymised instead of
    # deleted, as it may be the entry of another person with the same name.
    people = ContentType.objects.get_for_model(Recipient)
    named = LogEntry.objects.filter(content_type=people, object_repr__in=[*names])
    for entry in named:
        entry.object_repr = f"#{entry.object_id}"
        entry.save(update_fields=["object_repr"])
