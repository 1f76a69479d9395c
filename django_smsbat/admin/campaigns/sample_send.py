"""The page that sends a campaign's message to one phone as a test."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from django_smsbat import conf
from django_smsbat.admin.confirm import own_page
from django_smsbat.admin.sentences import translated
from django_smsbat.gateway import phones
from django_smsbat.gateway.messages import InvalidMessage
from django_smsbat.models import Campaign
from django_smsbat.services.composer import sample_send
from django_smsbat.services.composer.preview import first_recipient
from django_smsbat.services.exceptions import ActionNotAllowed
from django_smsbat.services.inbound import replies


class TryForm(forms.Form):
    phone = forms.CharField(
        label=_("Your phone"),
        max_length=32,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "class": "vTextField"}),
    )

    def clean_phone(self) -> str:
        try:
            region = conf.current().default_region
            return phones.normalise(self.cleaned_data["phone"], region, mobile=True)
        except phones.InvalidPhone as error:
            raise forms.ValidationError(translated(error)) from None


def try_page(page: Any, request: HttpRequest, campaign: Campaign) -> HttpResponse:
    """GET shows the phone form, POST sends the message."""
    form = TryForm(request.POST or None)
    if form.is_valid() and _send(page, request, campaign, form):
        back = reverse("admin:smsbat_campaign_change", args=[campaign.pk])
        return HttpResponseRedirect(back)
    title = _("Send a test to yourself")
    return own_page(page, request, "campaign/try.html", title, campaign=campaign, form=form)


def _send(page: Any, request: HttpRequest, campaign: Campaign, form: TryForm) -> bool:
    if replies.was_sent_lately(form.cleaned_data["phone"]):
        form.add_error(None, _("Something was sent there a moment ago."))
        return False
    may_see = request.user.has_perm("smsbat.view_recipient")
    person = first_recipient(campaign.lists.values_list("pk", flat=True)) if may_see else None
    try:
        sent = sample_send.send_to(form.cleaned_data["phone"], campaign, person)
    except (InvalidMessage, ActionNotAllowed, ImproperlyConfigured) as error:
        form.add_error(None, translated(error))
        return False
    outcome = _("The test message: %(status)s.") % {"status": sent.get_status_display()}
    page.log_change(request, campaign, f"{outcome} {phones.mask(sent.to)}")
    level = messages.WARNING if sent.error_message else messages.SUCCESS
    page.message_user(
        request, " ".join(filter(None, [outcome, translated(sent.error_message)])), level
    )
    return True
