"""Everything that was ever reported of a message, as it came. Rows are added, never changed.

A report whose `smsbat_id` is not known yet waits here without a message; being matched to one is
the only thing that ever happens to a row.
"""

from collections.abc import Mapping
from typing import Any, NoReturn

from django.db import models
from django.utils.translation import gettext_lazy as _

from django_smsbat.models.choices import status_choices
from django_smsbat.models.fields import WireJSONEncoder
from django_smsbat.models.message import Message
from django_smsbat.models.set_based import update_rows


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


class StatusEvent(models.Model):
    """One report.

    Besides the promised fields: `attempt` (which attempt of the message it speaks of) and
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
    smsbat_id = models.CharField(_("SMSBAT's id"), max_length=64, blank=True)
    status = models.CharField(
        _("status"),
        max_length=16,
        choices=status_choices,
        blank=True,
        help_text=_("Empty for a word that this software does not know."),
    )
    raw_status = models.CharField(_("as it was said"), max_length=64, blank=True)
    source = models.CharField(_("source"), max_length=8, choices=Source.choices)
    occurred_at = models.DateTimeField(_("occurred at"))
    recorded_at = models.DateTimeField(_("recorded at"))
    payload = models.JSONField(_("payload"), default=dict, encoder=WireJSONEncoder)
    attempt = models.PositiveSmallIntegerField(_("attempt"), default=0)
    fingerprint = models.UUIDField(editable=False)

    objects = StatusEventQuerySet.as_manager()

    class Meta:
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


def give_waiting(owners: Mapping[str, tuple[int, int]]) -> None:
    """Match waiting reports to messages: by SMSBAT's id, the message's key and its attempt."""
    waiting = StatusEvent.objects.orphans().filter(smsbat_id__in=list(owners))
    found = waiting.values_list("pk", "smsbat_id")
    # A collation that ignores case finds more than what was asked for.
    give_to({key: owners[smsbat_id] for key, smsbat_id in found if smsbat_id in owners})


def give_to(owners: Mapping[int, tuple[int, int]]) -> None:
    """Match waiting reports, by their own key, to a message's key and its attempt."""
    rows = [(key, *owner) for key, owner in owners.items()]
    update_rows(StatusEvent, ("message", "attempt"), rows)
