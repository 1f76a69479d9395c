"""Status events: every report about a message, as received. Rows are only added.

A report with an unknown `smsbat_id` is stored without a message. Matching it to a message is the
only change ever made to a row, until its message is purged.
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
    """The origin of a report."""

    SUBMIT = "submit", _("answer to the request")
    POLL = "poll", _("status request")
    CALLBACK = "callback", _("callback")
    LOCAL = "local", _("this site")


class AppendOnly(TypeError):
    """Code tried to change or delete a status event."""


def _refuse(what: str) -> NoReturn:
    raise AppendOnly(f"status events cannot be {what}: they are the record of what was reported")


class StatusEventQuerySet(models.QuerySet["StatusEvent"]):
    """Supports reading and adding; refuses changes and deletions."""

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
        """Return reports that were received for unknown messages."""
        return self.filter(message=None)


StatusEventManager = PrimaryManager.from_queryset(StatusEventQuerySet)


class StatusEvent(PrimaryModel):
    """One report.

    In addition to the documented fields:

    Attributes:
        account: the account that the report belongs to: SMSBAT's ids are unique within one account
            only.
        attempt: the attempt of the message that it refers to.
        fingerprint: equal for identical reports, which are stored once.
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
        kwargs["force_insert"] = True  # an existing key is refused, not overwritten
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        _refuse("deleted")


# SMSBAT's identifier of a message: the account, and the id within that account.
Name = tuple[str, str]


def give_waiting(owners: Mapping[Name, tuple[int, int]]) -> None:
    """Match orphaned reports to messages.

    Args:
        owners: the message's key and attempt, by account and SMSBAT's id.
    """
    ids = {smsbat_id for _account, smsbat_id in owners}
    waiting = StatusEvent.objects.orphans().filter(smsbat_id__in=ids)
    rows = waiting.values_list("pk", "account", "smsbat_id")
    # May include more rows than requested: other accounts, and ids equal in a case-insensitive
    # collation.
    give_to({key: owners[(a, i)] for key, a, i in rows if (a, i) in owners})


def give_to(owners: Mapping[int, tuple[int, int]]) -> None:
    """Match orphaned reports, by their own key, to a message's key and its attempt."""
    rows = [(key, *owner) for key, owner in owners.items()]
    update_rows(StatusEvent, ("message", "attempt"), rows)


def remove_orphans(before: datetime, limit: int) -> int:
    """Delete orphaned reports that were recorded before `before`; return the number deleted.

    An exception to append-only: a report without a message documents nothing.
    """
    old = _removable().filter(message=None, recorded_at__lt=before)
    keys = list(old.values_list("pk", flat=True)[:limit])
    # Check again: its message may have been stored in the meantime.
    removed, _ = old.filter(pk__in=keys_in(StatusEvent, keys)).delete()
    return removed


def remove_these_orphans(keys: Sequence[int]) -> None:
    """Delete orphaned reports, by their keys."""
    _removable().filter(message=None, pk__in=keys_in(StatusEvent, keys)).delete()


def remove_with_messages(message_ids: Collection[int]) -> None:
    """The second exception: delete all reports of messages that are about to be deleted."""
    _removable().filter(message__in=keys_in(Message, message_ids)).delete()


def empty_payloads(message_ids: Collection[int]) -> None:
    """The third exception: redact the payloads. The reported status remains, its text does not."""
    events = _removable().filter(message__in=keys_in(Message, message_ids))
    rows = [(key, redact_payload(payload)) for key, payload in events.values_list("pk", "payload")]
    update_rows(StatusEvent, ("payload",), rows)


def _removable() -> "models.QuerySet[StatusEvent]":
    """Return a queryset without the guards of `StatusEventQuerySet`."""
    return models.QuerySet(StatusEvent, using=DEFAULT_DB_ALIAS).order_by()


def insert_named(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[int | None]:
    """Insert reports that identify their messages by SMSBAT's id only; skip known reports.

    A single statement locks the matched messages, so that later reads of them are current. A report
    with an unknown id is stored without a message.

    Returns:
        The message of each new report; in MariaDB also of the known ones.
    """
    return insert_returning(
        StatusEvent, names, rows, "message_id", ignore_conflicts=True, looked_up=_message_lookup()
    )


@cache
def _message_lookup() -> LookedUp:
    events, messages = StatusEvent._meta.db_table, Message._meta.db_table
    named = f"FROM {events} k WHERE {{exactly}} AND k.message_id IS NOT NULL"
    latest = "ORDER BY k.attempt DESC, k.id DESC LIMIT 1"
    message = (
        f"SELECT m.id FROM {messages} m WHERE m.id = (SELECT k.message_id {named} {latest}){{lock}}"
    )
    attempt = f"COALESCE((SELECT k.attempt {named} {latest}), 0)"
    return LookedUp(("smsbat_id", "account"), (("message", message), ("attempt", attempt)))
