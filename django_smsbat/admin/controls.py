"""The buttons that control a campaign: one row each, from label to the service that it calls."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from django_smsbat.gateway.messages import InvalidMessage
from django_smsbat.models import Campaign
from django_smsbat.services import audience, campaigns
from django_smsbat.services.audience import Exclusion, Preview

EXCLUSION_LABELS: Final[dict[Exclusion, Promise]] = {
    Exclusion.OPTED_OUT: _("opted out"),
    Exclusion.MISSING_VALUE: _("no value for a placeholder"),
    Exclusion.INVALID_CONTENT: _("the text does not fit once it is filled in"),
}


@dataclass(frozen=True)
class Control:
    """One button.

    Attributes:
        transition: its row in the state table of `services.campaigns`.
        question: what the confirmation page asks.
        run: does it, and says in a sentence what was done.
        shows_preview: whether the page tells who will get it and what it may cost.
    """

    name: str
    transition: str
    label: Promise
    question: Promise
    run: Callable[[Campaign], str]
    shows_preview: bool = False
    needs_time: bool = False

    def is_possible(self, campaign: Campaign) -> bool:
        in_time = campaign.scheduled_at is not None and campaign.scheduled_at > timezone.now()
        return campaigns.may(campaign, self.transition) and (in_time or not self.needs_time)


def _send(campaign: Campaign) -> str:
    made = campaigns.launch(campaign)
    return ngettext(
        "sending to %(count)d recipient.", "sending to %(count)d recipients.", made.recipients
    ) % {"count": made.recipients}


def _schedule(campaign: Campaign) -> str:
    campaigns.schedule(campaign)
    return str(_("scheduled."))


def _unschedule(campaign: Campaign) -> str:
    campaigns.unschedule(campaign)
    return str(_("a draft again."))


def _pause(campaign: Campaign) -> str:
    campaigns.pause(campaign)
    return str(_("paused."))


def _resume(campaign: Campaign) -> str:
    campaigns.resume(campaign)
    return str(_("going on."))


def _cancel(campaign: Campaign) -> str:
    count = campaigns.cancel(campaign)
    words = ngettext(
        "cancelled; %(count)d message will not be sent.",
        "cancelled; %(count)d messages will not be sent.",
        count,
    )
    return words % {"count": count}


CONTROLS: Final[dict[str, Control]] = {
    control.name: control
    for control in (
        Control(
            "send",
            "launch",
            _("Send"),
            _("Send now? It cannot be called back, and every message costs money."),
            _send,
            shows_preview=True,
        ),
        Control(
            "schedule",
            "schedule",
            _("Schedule"),
            _("Send at the time that is set? The numbers are those of now."),
            _schedule,
            shows_preview=True,
            needs_time=True,
        ),
        Control(
            "unschedule",
            "unschedule",
            _("Back to draft"),
            _("Take it off the schedule, so that it can be changed?"),
            _unschedule,
        ),
        Control("pause", "pause", _("Pause"), _("Stop after the messages in hand?"), _pause),
        Control("resume", "resume", _("Resume"), _("Go on sending?"), _resume),
        Control(
            "cancel",
            "cancel",
            _("Cancel the campaign"),
            _("Send no more of it, ever? What was sent already cannot be called back."),
            _cancel,
        ),
    )
}


@dataclass(frozen=True)
class Prospect:
    """What the confirmation page says of one campaign."""

    campaign: Campaign
    preview: Preview | None = None
    problem: str = ""
    goes_at_once: bool = False

    @classmethod
    def of(cls, campaign: Campaign, control: Control) -> "Prospect":
        if not control.is_possible(campaign):
            problem = _("Its status is “%(status)s”: this is not possible now.")
            return cls(campaign, problem=problem % {"status": campaign.get_status_display()})
        if not control.shows_preview:
            return cls(campaign)
        try:
            preview = audience.preview(campaign)
        except InvalidMessage as error:
            return cls(campaign, problem=str(error))
        if not preview.recipients:
            return cls(campaign, preview, str(_("Nobody would get it.")))
        return cls(campaign, preview, goes_at_once=not control.needs_time)

    @property
    def lists(self) -> str:
        return ", ".join(str(one) for one in self.campaign.lists.all()) or str(_("none"))

    @property
    def notice(self) -> str:
        """What somebody may have forgotten."""
        moment = self.campaign.scheduled_at
        if self.goes_at_once and moment and moment > timezone.now():
            return str(_("A later time is set, but “Send” sends at once; “Schedule” waits for it."))
        return ""

    @property
    def exclusions(self) -> list[tuple[Promise, int, str]]:
        """Reason, how many, and an example of what exactly is wrong."""
        if self.preview is None:
            return []
        examples = self.preview.examples
        return [
            (EXCLUSION_LABELS[reason], count, examples.get(reason, ""))
            for reason, count in self.preview.excluded.items()
        ]
