"""Campaigns: the form, how far they have come, and the buttons that control them."""

from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from django_smsbat.admin.controls import CONTROLS, Control, Prospect
from django_smsbat.admin.json_field import ObjectField
from django_smsbat.admin.read_only import StyledAdmin
from django_smsbat.gateway.messages import InvalidMessage
from django_smsbat.gateway.statuses import Status
from django_smsbat.models import Campaign
from django_smsbat.services import budgets, campaigns, statistics

if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[Campaign]
else:
    _ModelForm = forms.ModelForm


_SAID: Final = (
    "type",
    "is_transactional",
    "sender",
    "text",
    "message_data",
    "fallback_text",
    "ttl",
)
_TO_WHOM: Final = ("lists", "scheduled_at", "canary_size", "canary_share")


class CampaignForm(_ModelForm):
    """Content that could be sent to nobody is refused when it is saved, at the field concerned."""

    class Meta:
        model = Campaign
        fields = ("name", *_SAID, *_TO_WHOM, "budget")
        field_classes = {"message_data": ObjectField}

    def clean_scheduled_at(self) -> Any:
        moment = self.cleaned_data["scheduled_at"]
        if moment and "scheduled_at" in self.changed_data and moment <= timezone.now():
            raise forms.ValidationError(_("Give a time in the future, or none."))
        return moment

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if self.errors:
            return
        if self.instance.pk and not campaigns.lock_for_editing(self.instance):
            self.add_error(None, _("It was launched meanwhile and can no longer be changed."))
            return
        try:
            campaigns.check(self.instance)
        except InvalidMessage as error:
            own = error.field in self.fields
            self.add_error(
                error.field if own else "message_data", error.reason if own else str(error)
            )


@admin.register(Campaign)
class CampaignAdmin(StyledAdmin):
    form = CampaignForm
    actions = ("send", "pause", "resume", "cancel", "retry", "duplicate")
    list_display = ("name", "state", "type", "scheduled_at", "started_at", "finished_at")
    list_filter = ("status", "type")
    search_fields = ("name",)
    filter_horizontal = ("lists",)
    show_full_result_count = False
    fieldsets = (
        (None, {"fields": ("name", "state", "progress")}),
        (_("What is said"), {"fields": _SAID}),
        (_("To whom and when"), {"fields": _TO_WHOM}),
        (_("Money"), {"fields": ("budget", "costs")}),
        (_("How it went"), {"fields": ("channels", "started_at", "finished_at", "created_at")}),
    )
    readonly_fields = (
        "state",
        "progress",
        "costs",
        "channels",
        "started_at",
        "finished_at",
        "created_at",
    )
    change_form_template = "admin/django_smsbat/campaign/change_form.html"

    def get_readonly_fields(self, request: HttpRequest, obj: Campaign | None = None) -> Any:
        """What was launched is frozen: changing the words later would make the record a lie."""
        own = super().get_readonly_fields(request, obj)
        if obj is None or obj.status in campaigns.EDITABLE:
            return own
        money = () if self.has_send_permission(request) else ("budget",)
        return (*own, *_SAID, *_TO_WHOM, *money)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if obj is not None and obj.status not in campaigns.EDITABLE:
            kwargs["form"] = forms.ModelForm  # nothing left to check: only the name can change
        return super().get_form(request, obj, change=change, **kwargs)

    def save_model(self, request: HttpRequest, obj: Campaign, form: Any, change: bool) -> None:
        """Only what the form changed: a worker may have moved the status since the page opened."""
        if obj.status in campaigns.EDITABLE and obj.scheduled_at:
            words = _("It is not scheduled yet: press “Schedule” on its page.")
            self.message_user(request, words, messages.WARNING)
        if not change:
            super().save_model(request, obj, form, change)
            return
        own = [name for name in form.changed_data if name not in ("lists", "budget")]
        if own:
            obj.save(update_fields=own)
        if "budget" in form.changed_data:
            budgets.change(obj, obj.budget)
        if obj.status not in campaigns.EDITABLE and "text" in request.POST:
            words = _("It was launched meanwhile: only its title and budget were saved.")
            self.message_user(request, words, messages.WARNING)

    def has_delete_permission(self, request: HttpRequest, obj: Campaign | None = None) -> bool:
        deletable = obj is None or obj.status in campaigns.EDITABLE
        return deletable and super().has_delete_permission(request, obj)

    def has_send_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("django_smsbat.send_campaign")

    @admin.display(description=_("status"), ordering="status")
    def state(self, obj: Campaign) -> SafeString:
        words = obj.get_status_display()
        if obj.pause_reason and campaigns.may(obj, "resume"):
            return format_html("<strong>{}</strong>: {}", words, obj.pause_reason)
        if obj.budget is not None and not obj.budget_room and campaigns.may(obj, "pause"):
            told = _("goes on when SMSBAT tells what the last messages cost")
            return format_html("<strong>{}</strong>: {}", words, told)
        return format_html("<strong>{}</strong>", words)

    @admin.display(description=_("progress"))
    def progress(self, obj: Campaign) -> SafeString | str:
        if obj.pk is None or obj.started_at is None:
            return str(_("Nothing is sent yet."))
        shown = statistics.progress(obj)
        numbers = (
            (_("messages"), shown.total),
            (_("waiting"), shown.unsent),
            (_("in delivery"), shown.in_delivery),
            (_("delivered"), shown.delivered),
            (_("of them read"), shown.read),
            (_("failed"), shown.failed),
            (_("unconfirmed"), shown.unconfirmed),
        )
        listed = reverse("admin:django_smsbat_message_changelist")
        links = [(listed, obj.pk, "", _("Show the messages"))]
        if shown.unconfirmed:
            unconfirmed = f"&status__exact={Status.UNCONFIRMED.value}"
            links.append((listed, obj.pk, unconfirmed, _("Settle the unconfirmed")))
        return format_html(
            '<dl class="smsbat-progress">{}</dl><p>{}</p>',
            format_html_join("", "<div><dt>{}</dt><dd>{}</dd></div>", numbers),
            format_html_join(" ", '<a href="{}?campaign__id__exact={}{}">{}</a>', links),
        )

    @admin.display(description=_("costs"))
    def costs(self, obj: Campaign) -> SafeString | str:
        """What SMSBAT has told so far; it tells of each message after it was sent."""
        if obj._state.adding:
            return "—"
        told = statistics.costs(obj, statistics.by_channel(obj).total())
        rows = [
            (
                f"{one.amount.normalize():f} {one.currency}",
                one.priced,
                one.parts,
                "—" if one.per_delivered is None else f"{one.per_delivered:.4f}",
            )
            for one in told
        ]
        lines = [(self._cost_line(*row),) for row in rows]
        return format_html_join("", "<p>{}</p>", lines) or "—"

    def _cost_line(self, amount: str, priced: int, parts: int, each: str) -> str:
        words = ngettext(
            "%(amount)s for %(count)d message (parts: %(parts)d); %(each)s for each delivered.",
            "%(amount)s for %(count)d messages (parts: %(parts)d); %(each)s for each delivered.",
            priced,
        )
        return words % {"amount": amount, "count": priced, "parts": parts, "each": each}

    @admin.display(description=_("delivered by"))
    def channels(self, obj: Campaign) -> str:
        if obj._state.adding:
            return "—"
        reached = statistics.by_channel(obj)
        told = [f"{name or _('not told')}: {count}" for name, count in sorted(reached.items())]
        return ", ".join(told) or "—"

    @admin.action(permissions=["send"], description=_("Send the selected campaigns…"))
    def send(self, request: HttpRequest, queryset: QuerySet[Campaign]) -> HttpResponse | None:
        return self._control(request, CONTROLS["send"], list(queryset))

    @admin.action(permissions=["send"], description=_("Pause the selected campaigns…"))
    def pause(self, request: HttpRequest, queryset: QuerySet[Campaign]) -> HttpResponse | None:
        return self._control(request, CONTROLS["pause"], list(queryset))

    @admin.action(permissions=["send"], description=_("Resume the selected campaigns…"))
    def resume(self, request: HttpRequest, queryset: QuerySet[Campaign]) -> HttpResponse | None:
        return self._control(request, CONTROLS["resume"], list(queryset))

    @admin.action(permissions=["send"], description=_("Cancel the selected campaigns…"))
    def cancel(self, request: HttpRequest, queryset: QuerySet[Campaign]) -> HttpResponse | None:
        return self._control(request, CONTROLS["cancel"], list(queryset))

    @admin.action(permissions=["send"], description=_("Send the failed of the selected again…"))
    def retry(self, request: HttpRequest, queryset: QuerySet[Campaign]) -> HttpResponse | None:
        return self._control(request, CONTROLS["retry"], list(queryset))

    @admin.action(permissions=["add"], description=_("Duplicate the selected campaigns…"))
    def duplicate(self, request: HttpRequest, queryset: QuerySet[Campaign]) -> HttpResponse | None:
        return self._control(request, CONTROLS["duplicate"], list(queryset))

    def get_urls(self) -> list[URLPattern]:
        return [
            path(
                f"<int:campaign_id>/{name}/",
                self.admin_site.admin_view(self._control_view),
                {"name": name},
                name=f"django_smsbat_campaign_{name}",
            )
            for name in CONTROLS
        ] + super().get_urls()

    def _control_view(self, request: HttpRequest, campaign_id: int, name: str) -> HttpResponse:
        """The page of one button for one campaign: GET asks, POST does."""
        campaign = self.get_object(request, str(campaign_id))
        if campaign is None:
            raise Http404
        back = reverse("admin:django_smsbat_campaign_change", args=[campaign.pk])
        asked = self._control(request, CONTROLS[name], [campaign])
        return asked or HttpResponseRedirect(back)

    def _control(
        self, request: HttpRequest, control: Control, chosen: list[Campaign]
    ) -> HttpResponse | None:
        """Ask, or do what was confirmed; None when it is done."""
        if not request.user.has_perm(f"django_smsbat.{control.permission}"):
            raise PermissionDenied
        if request.method == "POST" and request.POST.get("confirmed") == control.name:
            for campaign in chosen:
                self._do(request, control, campaign)
            return None
        prospects = [Prospect.of(campaign, control) for campaign in chosen]
        context = {
            **self.admin_site.each_context(request),
            "title": control.label,
            "opts": self.opts,
            "media": self.media,
            "control": control,
            "prospects": prospects,
            "is_possible": any(not prospect.problem for prospect in prospects),
            "action_checkbox_name": ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, "admin/django_smsbat/campaign/confirm.html", context)

    def _do(self, request: HttpRequest, control: Control, campaign: Campaign) -> None:
        seen = request.POST.get(f"seen-{campaign.pk}", "")
        if control.looks_at(campaign) and not seen:
            words = _("Look at who will get it and what it may cost first.")
            self.message_user(request, f"“{campaign}”: {words}", messages.ERROR)
            return
        try:
            done = control.run(campaign, seen)
        except (campaigns.Refused, InvalidMessage) as error:
            self.message_user(request, f"“{campaign}”: {error}", messages.ERROR)
            return
        self.log_change(request, campaign, done)
        self.message_user(request, f"“{campaign}”: {done}", messages.SUCCESS)

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """The buttons that this campaign's status and this person's permissions allow."""
        campaign = context.get("original")
        context["controls"] = [
            control
            for control in CONTROLS.values()
            if campaign is not None
            and request.user.has_perm(f"django_smsbat.{control.permission}")
            and control.is_possible(campaign)
        ]
        return super().render_change_form(request, context, *args, **kwargs)
