"""The content of the confirmation page of a campaign action."""

import math
from dataclasses import dataclass
from datetime import timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from django_smsbat.admin.campaigns import placeholders
from django_smsbat.admin.campaigns.actions import CampaignAction, needs_typing
from django_smsbat.admin.campaigns.exclusions import EXCLUSION_LABELS
from django_smsbat.admin.formatting import zone_name
from django_smsbat.admin.sentences import translated
from django_smsbat.gateway.messages import InvalidMessage
from django_smsbat.models import Campaign, Preflight
from django_smsbat.services.campaigns import approval, lifecycle, preflight, quiet_hours
from django_smsbat.services.campaigns.rendering import Exclusion


@dataclass(frozen=True)
class ActionPreview:
    """The data that the confirmation page shows about one campaign."""

    campaign: Campaign
    preflight: Preflight | None = None
    problem: str = ""
    goes_at_once: bool = False
    costs_money: bool = False

    @classmethod
    def of(cls, campaign: Campaign, control: CampaignAction, login: str) -> "ActionPreview":
        if not control.is_possible(campaign):
            problem = _("Its status is “%(status)s”: this is not possible now.")
            return cls(campaign, problem=problem % {"status": campaign.get_status_display()})
        if not control.looks_at(campaign):
            return cls(campaign)
        try:
            looked = preflight.compute(campaign)
        except InvalidMessage as error:
            return cls(campaign, problem=translated(error))
        if not looked.recipients:
            return cls(campaign, looked, str(_("No recipient would get it.")))
        if control.costs_money:
            try:
                approval.hold_to(looked, login)
            except lifecycle.ActionNotAllowed as error:
                return cls(campaign, looked, translated(error))
        at_once = control.costs_money and not control.needs_time
        return cls(campaign, looked, goes_at_once=at_once, costs_money=control.costs_money)

    @property
    def lists(self) -> str:
        return ", ".join(str(one) for one in self.campaign.lists.all()) or str(_("none"))

    @property
    def notice(self) -> str:
        """A warning about a likely oversight, such as sending now although a later time is set."""
        moment = self.campaign.scheduled_at
        if self.goes_at_once and moment and moment > timezone.now():
            return str(_("A later time is set, but “Send” sends at once; “Schedule” waits for it."))
        return ""

    @property
    def needs_typing(self) -> bool:
        return self.costs_money and self.preflight is not None and needs_typing(self.recipients)

    @property
    def seen(self) -> str:
        """The signed preflight result. GET stores nothing; the POST returns this value."""
        return preflight.sign(self.preflight) if self.preflight and not self.problem else ""

    @property
    def recipients(self) -> int:
        return self.preflight.recipients if self.preflight else 0

    @property
    def approval(self) -> str:
        """The approver, or that approval is missing; empty if the site requires none."""
        if self.preflight is None or not approval.is_asked_for(self.recipients):
            return ""
        if self.preflight.approved_by:
            return str(_("by %(login)s") % {"login": self.preflight.approved_by})
        return str(_("not yet: another person has to approve it first"))

    @property
    def quiet(self) -> str:
        """The quiet hours that apply to the campaign; empty for none."""
        return quiet_hours.as_text() if self.campaign.is_promotional else ""

    @property
    def total_excluded(self) -> int:
        return sum(count for _reason, count, *_more in self.exclusions)

    @property
    def exclusions(self) -> list[tuple[Promise, int, str, str]]:
        """Each reason with its count, an example, and the URL of the excluded recipients."""
        if self.preflight is None:
            return []
        examples = self.preflight.examples
        return [
            (
                EXCLUSION_LABELS[Exclusion(reason)],
                count,
                translated(examples.get(reason, "")),
                self._url(reason),
            )
            for reason, count in self.preflight.excluded.items()
        ]

    def _url(self, reason: str) -> str:
        """The URL of the excluded recipients in the first list; empty if no filter matches them."""
        first = self.campaign.lists.first()
        if reason != Exclusion.OPTED_OUT or first is None:
            return ""
        listed = reverse("admin:smsbat_recipient_changelist")
        return f"{listed}?lists__id__exact={first.pk}&opted_out_at__isempty=0"

    @property
    def defaults(self) -> list[str]:
        """How many recipients get each placeholder's default."""
        return placeholders.defaults_of(self.preflight) if self.preflight else []

    @property
    def unknown_fields(self) -> list[str]:
        """The fields named by placeholders that no recipient has."""
        return placeholders.warnings_of(self.preflight) if self.preflight else []

    @property
    def time_zone(self) -> str:
        """The time zone of the times on the page."""
        return zone_name()

    @property
    def parts(self) -> list[str]:
        """How many messages have each number of SMS parts."""
        if self.preflight is None:
            return []
        return [
            ngettext("%(count)d of %(parts)s part", "%(count)d of %(parts)s parts", int(parts))
            % {"count": count, "parts": parts}
            for parts, count in self.preflight.parts.items()
        ]

    @property
    def duration(self) -> timedelta:
        return timedelta(seconds=math.ceil(self.preflight.duration if self.preflight else 0))
