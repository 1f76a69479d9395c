"""The confirmation of a campaign action, and its execution."""

from typing import Any

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from django_smsbat.admin.campaigns.action_preview import ActionPreview
from django_smsbat.admin.campaigns.actions import CampaignAction, needs_typing
from django_smsbat.admin.confirm import own_page
from django_smsbat.admin.sentences import translated
from django_smsbat.gateway.messages import InvalidMessage
from django_smsbat.models import Campaign, Preflight
from django_smsbat.services.campaigns import approval, lifecycle, preflight


def control_campaigns(
    page: Any, request: HttpRequest, control: CampaignAction, chosen: list[Campaign]
) -> HttpResponse | None:
    """Show the confirmation page, or perform the confirmed action and return None."""
    if not request.user.has_perm(f"smsbat.{control.permission}"):
        raise PermissionDenied
    login = request.user.get_username()
    if request.method == "POST" and request.POST.get("confirmed") == control.name:
        wrong = [one for one in chosen if _is_typed_wrong(request, control, one)]
        if not wrong:
            for campaign in chosen:
                _do(page, request, control, campaign)
            return None
        page.message_user(
            request, _("Nothing was done: the number is another one."), messages.ERROR
        )
    prospects = [ActionPreview.of(campaign, control, login) for campaign in chosen]
    return own_page(
        page,
        request,
        "campaign/confirm.html",
        control.label,
        control=control,
        prospects=prospects,
        is_possible=any(not prospect.problem for prospect in prospects),
        action_checkbox_name=ACTION_CHECKBOX_NAME,
    )


def _do(page: Any, request: HttpRequest, control: CampaignAction, campaign: Campaign) -> None:
    login = request.user.get_username()
    try:
        seen = _confirmed(request, control, campaign) if control.looks_at(campaign) else ""
        done = control.run(campaign, seen, login)
    except (lifecycle.ActionNotAllowed, InvalidMessage) as error:
        page.message_user(request, f"“{campaign}”: {translated(error)}", messages.ERROR)
        return
    page.log_change(request, campaign, done)
    page.message_user(request, f"“{campaign}”: {done}", messages.SUCCESS)


def _seen(request: HttpRequest, campaign: Campaign) -> Preflight | None:
    """Return the preflight that the form was rendered with."""
    return preflight.unsign(campaign, request.POST.get(f"seen-{campaign.pk}", ""))


def _confirmed(request: HttpRequest, control: CampaignAction, campaign: Campaign) -> str:
    """Store the preflight that the user saw, and return its fingerprint.

    An action that costs money requires a user who saw the preflight, typed the number of
    recipients, and needs no second approver.

    Raises:
        ActionNotAllowed: naming the missing condition.
    """
    seen = _seen(request, campaign)
    if seen is None:
        raise lifecycle.ActionNotAllowed(
            str(_("Look at who will get it and what it may cost first."))
        )
    shown = preflight.confirm(seen)
    if control.costs_money:
        if _is_typed_wrong(request, control, campaign):
            text = _("Type the number of recipients, %(count)d, to confirm.")
            raise lifecycle.ActionNotAllowed(str(text % {"count": shown.recipients}))
        approval.hold_to(shown, request.user.get_username())
    return shown.fingerprint


def _is_typed_wrong(request: HttpRequest, control: CampaignAction, campaign: Campaign) -> bool:
    """Return whether the number of recipients is required and was not typed correctly."""
    if not (control.costs_money and control.looks_at(campaign)):
        return False
    seen = _seen(request, campaign)
    if seen is None or not needs_typing(seen.recipients):
        return False
    typed = "".join(c for c in request.POST.get(f"typed-{campaign.pk}", "") if c.isdigit())
    return typed != str(seen.recipients)
