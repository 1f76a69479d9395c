"""Everything that was ever reported of a message, as it came. Rows are added, never changed.

A report whose `smsbat_id` is not known yet waits here without a message; being matched to one is
the only thing that ever happens to a row, until its message is purged.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, NoReturn

from django.db import DEFAULT_DB_ALIAS, models
from django.utils.translation import gettext_lazy as _

from django_smsbat.db.fields import WireJSONEncoder
from django_smsbat.db.primary import PrimaryManager, PrimaryModel
from django_smsbat.db.set_based import LookedUp, insert_returning, keys_in, update_rows
from django_smsbat.gateway.answers import redact_payload
from django_smsbat.models.account import account_field
from django_smsbat.models.choices import status_choices
from django_smsbat.models.message import Message


class Source(models.TextChoices):
    """Who said it."""

    SUBMIT = "submit", _("answer to the request")
    POLL = "poll", _("status request")
    CALLBACK = "callback", _("callback")
    LOCAL = "local", _("this site")


class AppendOnly(TypeError):
    """Somebody tried to change or delete what was reported."""


def _refuse(what: str) -> NoReturn:
    raise AppendOnly(f"status events cannot be {what}: they are the record of what was reported")


class StatusEventQuerySet(models.QuerySet["StatusEvent"]):
    """Reading and adding; changing and deleting are refused."""

    def update(self, **kwargs: Any) -> NoReturn:
        _refuse("changed")

    def delete(self) -> NoReturn:
        _refuse("deleted")

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        _refuse("changed")

    def bulk_create(self, *args: Any, **kwargs: Any) -> Any:
        if kwargs.get("update_conflicts"):
            _refuse("changed")
        return super().bulk_create(*args, **kwargs)

    def orphans(self) -> "StatusEventQuerySet":
        """Reports of messages that were not known when they came."""
        return self.filter(message=None)


StatusEventManager = PrimaryManager.from_queryset(StatusEventQuerySet)


class StatusEvent(PrimaryModel):
    """One report.

    Besides the promised fields: `account` (whose report it is: ids of SMSBAT's are known within one
    account only), `attempt` (which attempt of the message it speaks of) and
    `fingerprint` (identical reports have the same, and are stored once).
    """

    message = models.ForeignKey(
        Message,
        verbose_name=_("message"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="events",
    )
    account = account_field()
    smsbat_id = models.CharField(_("SMSBAT's id"), max_length=64, blank=True)
    status = models.CharField(
        _("status"),
        max_length=16,
        choices=status_choices,
        blank=True,
        help_text=_("Empty for a word that this software does not know."),
    )
    raw_status = models.CharField(_("original status"), max_length=64, blank=True)
    source = models.CharField(_("source"), max_length=8, choices=Source.choices)
    occurred_at = models.DateTimeField(_("occurred at"))
    recorded_at = models.DateTimeField(_("recorded at"))
    payload = models.JSONField(_("payload"), default=dict, encoder=WireJSONEncoder)
    attempt = models.PositiveSmallIntegerField(_("attempt"), default=0)
    fingerprint = models.UUIDField(editable=False)

    objects: ClassVar[StatusEventManager["StatusEvent"]] = StatusEventManager()  # type: ignore[assignment]

    class Meta(PrimaryModel.Meta):
        verbose_name = _("status event")
        verbose_name_plural = _("status events")
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(
                fields=["smsbat_id", "fingerprint"], name="smsbat_event_stored_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.raw_status or self.status} ({self.get_source_display()})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            _refuse("changed")
        kwargs["force_insert"] = True  # a key that exists is refused, not overwritten
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        _refuse("deleted")


# How SMSBAT names a message: the account, and the id that it has there.
Name = tuple[str, str]


def give_waiting(owners: Mapping[Name, tuple[int, int]]) -> None:
    """Match waiting reports to messages: by SMSBAT's name, the message's key and its attempt."""
    ids = {smsbat_id for _account, smsbat_id in owners}
    waiting = StatusEvent.objects.orphans().filter(smsbat_id__in=ids)
    found = waiting.values_list("pk", "account", "smsbat_id")
    # More than what was asked for: of other accounts, and by a collation that ignores case.
    give_to({key: owners[(a, i)] for key, a, i in found if (a, i) in owners})


def give_to(owners: Mapping[int, tuple[int, int]]) -> None:
    """Match waiting reports, by their own key, to a message's key and its attempt."""
    rows = [(key, *owner) for key, owner in owners.items()]
    update_rows(StatusEvent, ("message", "attempt"), rows)


def remove_orphans(before: datetime, limit: int) -> int:
    """Remove reports of nobody's messages that were recorded before; returns how many.

    An exception to "never": a report that belongs to no message is the record of nothing.
    """
    old = _removable().filter(message=None, recorded_at__lt=before)
    keys = list(old.values_list("pk", flat=True)[:limit])
    # Asked once more: its message may have become known in this moment.
    removed, _ = old.filter(pk__in=keys_in(StatusEvent, keys)).delete()
    return removed


def remove_these_orphans(keys: Sequence[int]) -> None:
    """Remove reports of nobody's messages, by their keys."""
    _removable().filter(message=None, pk__in=keys_in(StatusEvent, keys)).delete()


def remove_with_messages(message_ids: Collection[int]) -> None:
    """The other exception: all reports of messages that are about to be removed themselves."""
    _removable().filter(message__in=keys_in(Message, message_ids)).delete()


def empty_payloads(message_ids: Collection[int]) -> None:
    """The third: what was said stays, the words in which it came do not."""
    events = _removable().filter(message__in=keys_in(Message, message_ids))
    rows = [(key, redact_payload(told)) for key, told in events.values_list("pk", "payload")]
    update_rows(StatusEvent, ("payload",), rows)


def _removable() -> "models.QuerySet[StatusEvent]":
    """Without the guards of `StatusEventQuerySet`."""
    return models.QuerySet(StatusEvent, using=DEFAULT_DB_ALIAS).order_by()


def insert_named(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[int | None]:
    """Insert reports that name their messages by SMSBAT's id alone; those known are left out.

    In one statement whose messages are locked from then on, so that what is read of them next is
    the newest. A report whose id nobody knows yet waits without a message.

    Returns:
        For each that was new its message; in MariaDB also for those that were known.
    """
    return insert_returning(
        StatusEvent, names, rows, "message_id", ignore_conflicts=True, looked_up=_whose()
    )


@cache
def _whose() -> LookedUp:
    events, messages = StatusEvent._meta.db_table, Message._meta.db_table
    named = f"FROM {events} k WHERE {{exactly}} AND k.message_id IS NOT NULL"
    latest = "ORDER BY k.attempt DESC, k.id DESC LIMIT 1"
    message = (
        f"SELECT m.id FROM {messages} m WHERE m.id = (SELECT k.message_id {named} {latest}){{lock}}"
    )
    attempt = f"COALESCE((SELECT k.attempt {named} {latest}), 0)"
    return LookedUp(("smsbat_id", "account"), (("message", message), ("attempt", attempt)))
