"""The buttons that act on a campaign: one table row each, from the label to the service call."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from django_smsbat import conf
from django_smsbat.models import Campaign
from django_smsbat.services.campaigns import approval, lifecycle


@dataclass(frozen=True)
class CampaignAction:
    """One button.

    Attributes:
        transition: its row in the state table of `services.campaigns.states`; empty if the action
            is allowed in any state.
        question: the question on the confirmation page.
        run: performs the action and returns a sentence that reports the result. Receives the
            campaign, the fingerprint of the preflight that the user saw, and the user's login.
        costs_money: whether it costs money. If so, the user types the number of recipients, and the
            site may require approval.
        requires_preflight: whether the page shows the recipients and the expected cost, and the
            action is limited to what was shown. An action that launches a campaign always does.
        permission: the permission required besides viewing campaigns.
        provided: a further condition on the campaign.
        stops_what_goes_on: only for a campaign that would send its remainder automatically.
        needs_time: whether the campaign needs a scheduled time in the future.
    """

    name: str
    transition: str
    label: Promise
    question: Promise
    run: Callable[[Campaign, str, str], str]
    requires_preflight: bool = False
    needs_time: bool = False
    stops_what_goes_on: bool = False
    costs_money: bool = True
    permission: str = "send_campaign"
    provided: Callable[[Campaign], bool] = lambda campaign: True

    def looks_at(self, campaign: Campaign) -> bool:
        launches = self.transition == "resume" and campaign.started_at is None
        return self.requires_preflight or launches

    def is_possible(self, campaign: Campaign) -> bool:
        in_time = campaign.scheduled_at is not None and campaign.scheduled_at > timezone.now()
        allowed = not self.transition or lifecycle.may(campaign, self.transition)
        goes_on = campaign.canary_is_out and campaign.canary_share is not None
        return (
            allowed
            and self.provided(campaign)
            and (in_time or not self.needs_time)
            and (goes_on or not self.stops_what_goes_on)
        )


def _send(campaign: Campaign, seen: str, login: str) -> str:
    launched = lifecycle.launch(campaign, fingerprint=seen)
    return ngettext(
        "sending to %(count)d recipient.", "sending to %(count)d recipients.", launched.recipients
    ) % {"count": launched.recipients}


def _schedule(campaign: Campaign, seen: str, login: str) -> str:
    lifecycle.schedule(campaign, fingerprint=seen)
    approval.scheduled(campaign, login)
    return str(_("scheduled."))


def _unschedule(campaign: Campaign, seen: str, login: str) -> str:
    lifecycle.unschedule(campaign)
    approval.scheduled(campaign, "")
    return str(_("a draft again."))


def _pause(campaign: Campaign, seen: str, login: str) -> str:
    lifecycle.pause(campaign)
    return str(_("paused."))


def _resume(campaign: Campaign, seen: str, login: str) -> str:
    lifecycle.resume(campaign, fingerprint=seen or None)
    return str(_("going on."))


def _hold(campaign: Campaign, seen: str, login: str) -> str:
    lifecycle.hold(campaign)
    return str(_("the rest waits for you."))


def _cancel(campaign: Campaign, seen: str, login: str) -> str:
    count = lifecycle.cancel(campaign)
    text = ngettext(
        "cancelled; %(count)d message will not be sent.",
        "cancelled; %(count)d messages will not be sent.",
        count,
    )
    return text % {"count": count}


def _retry(campaign: Campaign, seen: str, login: str) -> str:
    count = lifecycle.retry_failed(campaign, login=login)
    text = ngettext(
        "%(count)d failed message is sent again.",
        "%(count)d failed messages are sent again.",
        count,
    )
    return text % {"count": count}


def _duplicate(campaign: Campaign, seen: str, login: str) -> str:
    made = lifecycle.duplicate(campaign)
    return str(_("the draft “%(name)s” was made.") % {"name": made})


def _approve(campaign: Campaign, seen: str, login: str) -> str:
    approval.approve(campaign, seen, login)
    return str(_("approved."))


def _approve_retry(campaign: Campaign, seen: str, login: str) -> str:
    count = approval.approve_retry(campaign, login)
    text = ngettext(
        "sending %(count)d failed message again is approved.",
        "sending %(count)d failed messages again is approved.",
        count,
    )
    return text % {"count": count}


def needs_typing(recipients: int) -> bool:
    """Return whether the user must type this number of recipients to confirm."""
    limit = conf.current().confirm_above
    return limit is not None and recipients > limit


CAMPAIGN_ACTIONS: Final[dict[str, CampaignAction]] = {
    control.name: control
    for control in (
        CampaignAction(
            "send",
            "launch",
            _("Send"),
            _("Send now? It cannot be called back, and every message costs money."),
            _send,
            requires_preflight=True,
        ),
        CampaignAction(
            "schedule",
            "schedule",
            _("Schedule"),
            _("Send at the time that is set? The numbers are those of now."),
            _schedule,
            requires_preflight=True,
            needs_time=True,
        ),
        CampaignAction(
            "approve",
            "",
            _("Approve"),
            _("Approve sending by another person, as it is now?"),
            _approve,
            requires_preflight=True,
            costs_money=False,
            permission="approve_campaign",
            provided=approval.may_approve,
        ),
        CampaignAction(
            "unschedule",
            "unschedule",
            _("Back to draft"),
            _("Take it off the schedule, so that it can be changed?"),
            _unschedule,
        ),
        CampaignAction("pause", "pause", _("Pause"), _("Stop after the messages in hand?"), _pause),
        CampaignAction(
            "hold",
            "hold",
            _("Hold the rest"),
            _("Let the rest wait until you resume, however many of the first are delivered?"),
            _hold,
            stops_what_goes_on=True,
        ),
        CampaignAction("resume", "resume", _("Resume"), _("Go on sending?"), _resume),
        CampaignAction(
            "cancel",
            "cancel",
            _("Cancel the campaign"),
            _("Send no more of it, ever? What was sent already cannot be called back."),
            _cancel,
        ),
        CampaignAction(
            "retry",
            "send again",
            _("Send the failed again"),
            _("Send again what was rejected or not delivered? Each message costs money once more."),
            _retry,
        ),
        CampaignAction(
            "approve_retry",
            "send again",
            _("Approve sending again"),
            _("Approve that another person sends the failed messages again?"),
            _approve_retry,
            costs_money=False,
            permission="approve_campaign",
            provided=approval.may_approve_retry,
        ),
        CampaignAction(
            "duplicate",
            "",
            _("Duplicate"),
            _("Make a draft that says the same to the same lists?"),
            _duplicate,
            permission="add_campaign",
        ),
    )
}
