"""The campaign pages: list, composer, progress and action buttons."""

from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from django_smsbat.admin.accounts import with_account, without_account
from django_smsbat.admin.base import StyledAdmin
from django_smsbat.admin.campaigns import report as campaign_report
from django_smsbat.admin.campaigns.actions import CAMPAIGN_ACTIONS
from django_smsbat.admin.campaigns.composer import phone
from django_smsbat.admin.campaigns.composer.form import (
    AUDIENCE_FIELDS,
    EMPTIED,
    MESSAGE_FIELDS,
    CampaignForm,
    is_used,
)
from django_smsbat.admin.campaigns.confirmation import control_campaigns
from django_smsbat.admin.campaigns.sample_send import try_page
from django_smsbat.admin.formatting import columns
from django_smsbat.admin.sentences import translated
from django_smsbat.models import Campaign
from django_smsbat.services.campaigns import approval, budget, lifecycle
from django_smsbat.services.composer.preview import preview

_TIMES: Final = columns(Campaign, "scheduled_at", "started_at", "finished_at")
_PAST: Final = columns(Campaign, "started_at", "finished_at", "created_at")


@admin.register(Campaign)
class CampaignAdmin(StyledAdmin):
    form = CampaignForm
    actions = ("send", "pause", "resume", "cancel", "retry", "duplicate")
    list_display = ("name", "state", "type", *_TIMES)
    list_filter = ("status", "type")
    search_fields = ("name",)
    show_full_result_count = False
    fieldsets = (
        (None, {"fields": ("name", "state")}),
        (_("On the phone"), {"fields": ("phone",), "classes": ("smsbat-phone-side",)}),
        (_("Content"), {"fields": MESSAGE_FIELDS}),
        (_("To whom and when"), {"fields": AUDIENCE_FIELDS}),
        (_("Money"), {"fields": ("budget",)}),
        (_("Times"), {"fields": _PAST}),
    )
    readonly_fields = ("state", "phone", "report", *_PAST)
    change_form_template = "admin/smsbat/campaign/change_form.html"
    change_list_template = "admin/smsbat/campaign/change_list.html"

    class Media:
        js = ("django_smsbat/composer.js", "django_smsbat/live.js")

    def get_list_display(self, request: HttpRequest) -> Any:
        return with_account(super().get_list_display(request))

    def get_list_filter(self, request: HttpRequest) -> Any:
        return with_account(super().get_list_filter(request))

    def get_fieldsets(self, request: HttpRequest, obj: Campaign | None = None) -> Any:
        """Put the report first once the campaign has started."""
        head, *shown = super().get_fieldsets(request, obj)
        if obj is None or obj.started_at is None:
            return without_account([head, *shown[:-1]], obj)
        # The phone shows the content. Fields that the type does not use are not listed.
        content: Any = (
            _("Content"),
            {"fields": [n for n in MESSAGE_FIELDS if is_used(n, obj.type)]},
        )
        shown = [
            content if "type" in fields["fields"] else (title, fields) for title, fields in shown
        ]
        report = (_("How it goes"), {"fields": ("report",), "classes": ("smsbat-wide",)})
        return without_account([head, report, *shown], obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Campaign | None = None) -> Any:
        """Make content and audience read-only after launch, so that the record stays true."""
        own = super().get_readonly_fields(request, obj)
        if obj is None or obj.status in lifecycle.EDITABLE:
            return own
        money = () if self.has_send_permission(request) else ("budget",)
        return (*own, *MESSAGE_FIELDS, *AUDIENCE_FIELDS, *money)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if obj is not None and obj.status not in lifecycle.EDITABLE:
            kwargs["form"] = forms.ModelForm  # only the name can change
        return super().get_form(request, obj, change=change, **kwargs)

    def save_model(self, request: HttpRequest, obj: Campaign, form: Any, change: bool) -> None:
        """Save only changed fields: a worker may have changed the status meanwhile."""
        if obj.status in lifecycle.EDITABLE and obj.scheduled_at:
            text = _("It is not scheduled yet: press “Schedule” on its page.")
            self.message_user(request, text, messages.WARNING)
        if not change:
            super().save_model(request, obj, form, change)
            return
        changed = {name for name in form.changed_data if name not in ("lists", "budget")}
        # Cleaning empties fields that the type does not use, even if their input did not change.
        own = changed | {name for name in EMPTIED if name in form.cleaned_data}
        if own:
            obj.save(update_fields=own)
        if "budget" in form.changed_data:
            budget.change(obj, obj.budget)
        if obj.status not in lifecycle.EDITABLE and "text" in request.POST:
            text = _("It was launched meanwhile: only its title and budget were saved.")
            self.message_user(request, text, messages.WARNING)

    def has_delete_permission(self, request: HttpRequest, obj: Campaign | None = None) -> bool:
        deletable = obj is None or obj.status in lifecycle.EDITABLE
        return deletable and super().has_delete_permission(request, obj)

    def has_send_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("smsbat.send_campaign")

    @admin.display(description=_("status"), ordering="status")
    def state(self, obj: Campaign) -> SafeString:
        label = obj.get_status_display()
        if obj.pause_reason and lifecycle.may(obj, "resume"):
            return format_html("<strong>{}</strong>: {}", label, translated(obj.pause_reason))
        if obj.budget is not None and not obj.budget_room and lifecycle.may(obj, "pause"):
            hint = _("goes on when SMSBAT tells what the last messages cost")
            return format_html("<strong>{}</strong>: {}", label, hint)
        if approved_by := approval.approver_of(obj):
            approved = _("approved by %(login)s") % {"login": approved_by}
            return format_html("<strong>{}</strong>: {}", label, approved)
        return format_html("<strong>{}</strong>", label)

    @admin.display(description=_("how it will look"))
    def phone(self, obj: Campaign) -> SafeString:
        """Render the phone for the saved content; a script refreshes it while the user types."""
        context = phone.context_of(preview(obj)) if obj.pk and obj.type else {}
        shown = render_to_string(phone.TEMPLATE, context)
        live = reverse("admin:smsbat_campaign_phone")
        return format_html('<div id="smsbat-phone" data-url="{}">{}</div>', live, shown)

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Return the campaign with the user's permissions, for code that receives no request."""
        campaign = super().get_object(request, *args, **kwargs)
        if campaign is not None:
            campaign.shows_messages = request.user.has_perm("smsbat.view_message")
        return campaign

    @admin.display(description=_("how it goes"))
    def report(self, obj: Campaign) -> SafeString:
        """Render funnel, chart, failures, costs and log. Scripts refresh the funnel."""
        context = {
            **campaign_report.progress(obj),
            **campaign_report.details(obj),
            "log": campaign_report.log_of(obj),
        }
        return render_to_string("admin/smsbat/campaign/report.html", context)

    @admin.action(permissions=["send"], description=_("Send the selected campaigns…"))
    def send(self, request: HttpRequest, queryset: QuerySet[Campaign]) -> HttpResponse | None:
        return control_campaigns(self, request, CAMPAIGN_ACTIONS["send"], list(queryset))

    @admin.action(permissions=["send"], description=_("Pause the selected campaigns…"))
    def pause(self, request: HttpRequest, queryset: QuerySet[Campaign]) -> HttpResponse | None:
        return control_campaigns(self, request, CAMPAIGN_ACTIONS["pause"], list(queryset))

    @admin.action(permissions=["send"], description=_("Resume the selected campaigns…"))
    def resume(self, request: HttpRequest, queryset: QuerySet[Campaign]) -> HttpResponse | None:
        return control_campaigns(self, request, CAMPAIGN_ACTIONS["resume"], list(queryset))

    @admin.action(permissions=["send"], description=_("Cancel the selected campaigns…"))
    def cancel(self, request: HttpRequest, queryset: QuerySet[Campaign]) -> HttpResponse | None:
        return control_campaigns(self, request, CAMPAIGN_ACTIONS["cancel"], list(queryset))

    @admin.action(permissions=["send"], description=_("Send the failed of the selected again…"))
    def retry(self, request: HttpRequest, queryset: QuerySet[Campaign]) -> HttpResponse | None:
        return control_campaigns(self, request, CAMPAIGN_ACTIONS["retry"], list(queryset))

    @admin.action(permissions=["add"], description=_("Duplicate the selected campaigns…"))
    def duplicate(self, request: HttpRequest, queryset: QuerySet[Campaign]) -> HttpResponse | None:
        return control_campaigns(self, request, CAMPAIGN_ACTIONS["duplicate"], list(queryset))

    def get_urls(self) -> list[URLPattern]:
        of_one: dict[str, tuple[Any, dict[str, str]]] = {
            **{name: (self._control_view, {"name": name}) for name in CAMPAIGN_ACTIONS},
            "try": (self._try_view, {}),
            "progress": (self._fragment_view, {"template": campaign_report.PROGRESS}),
            "details": (self._fragment_view, {"template": campaign_report.DETAILS}),
            "results": (self._results_view, {}),
        }
        wrap = self.admin_site.admin_view
        own = [
            path(f"<int:key>/{name}/", wrap(view), more, name=f"smsbat_campaign_{name}")
            for name, (view, more) in of_one.items()
        ]
        live = path("phone/", wrap(self._phone_view), name="smsbat_campaign_phone")
        return [live, *own, *super().get_urls()]

    def _found(self, request: HttpRequest, key: int) -> Campaign:
        """Return the campaign if the user may view it."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        campaign: Campaign | None = self.get_object(request, str(key))
        if campaign is None:
            raise Http404
        return campaign

    def _control_view(self, request: HttpRequest, key: int, name: str) -> HttpResponse:
        """Serve one action of one campaign: GET asks for confirmation, POST performs the action."""
        campaign = self._found(request, key)
        back = reverse("admin:smsbat_campaign_change", args=[campaign.pk])
        asked = control_campaigns(self, request, CAMPAIGN_ACTIONS[name], [campaign])
        return asked or HttpResponseRedirect(back)

    def _try_view(self, request: HttpRequest, key: int) -> HttpResponse:
        campaign = self._found(request, key)
        if not self.has_send_permission(request):
            raise PermissionDenied
        return try_page(self, request, campaign)

    def _fragment_view(self, request: HttpRequest, key: int, template: str) -> HttpResponse:
        return campaign_report.fragment(request, self._found(request, key), template)

    def _results_view(self, request: HttpRequest, key: int) -> Any:
        """Return the results as CSV. Requires permission to view messages (phones, texts)."""
        campaign = self._found(request, key)
        if not request.user.has_perm("smsbat.view_message"):
            raise PermissionDenied
        return campaign_report.export(campaign)

    def _phone_view(self, request: HttpRequest) -> HttpResponse:
        if not (self.has_add_permission(request) or self.has_change_permission(request)):
            raise PermissionDenied
        return phone.live_phone(request)

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Render the buttons allowed by the campaign's status and the user's permissions."""
        campaign = context.get("original")
        may = request.user.has_perm
        context["controls"] = [
            control
            for control in CAMPAIGN_ACTIONS.values()
            if campaign is not None
            and may(f"smsbat.{control.permission}")
            and control.is_possible(campaign)
        ]
        context["may_try"] = campaign is not None and self.has_send_permission(request)
        context["may_export"] = (
            campaign is not None and campaign.started_at and may("smsbat.view_message")
        )
        return super().render_change_form(request, context, *args, **kwargs)
