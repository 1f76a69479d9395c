"""Recipients and their lists."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from django_smsbat.admin.consent import QUESTIONS, ask
from django_smsbat.admin.json_field import ObjectField
from django_smsbat.admin.read_only import PhoneSearchAdmin, StyledAdmin
from django_smsbat.models import Recipient, RecipientList
from django_smsbat.services import suppression

if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[Recipient]
else:
    _ModelForm = forms.ModelForm


class RecipientForm(_ModelForm):
    """A recipient with the lists that they stand in."""

    lists = forms.ModelMultipleChoiceField(
        RecipientList.objects.all(),
        required=False,
        label=_("Lists"),
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Recipient
        fields = ("phone", "name", "email", "attributes")
        field_classes = {"attributes": ObjectField}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["lists"].initial = self.instance.lists.all()

    def clean_phone(self) -> Any:
        phone = self.cleaned_data["phone"]
        if "phone" in self.changed_data and suppression.since(phone):
            raise forms.ValidationError(
                _("This person was erased on request. They are known again when they write to you.")
            )
        return phone

    def _save_m2m(self) -> None:
        super()._save_m2m()  # type: ignore[misc]
        if "lists" in self.cleaned_data:
            self.instance.lists.set(self.cleaned_data["lists"])


class ListActionForm(ActionForm):
    """The list that an action adds to or takes from."""

    list = forms.ModelChoiceField(RecipientList.objects.all(), required=False, label=_("List:"))


@admin.register(Recipient)
class RecipientAdmin(PhoneSearchAdmin, StyledAdmin):
    form = RecipientForm
    action_form = ListActionForm
    actions = ("add_to_list", "take_from_list", "opt_out", "opt_in", "erase")
    list_display = ("phone", "name", "email", "opted_out_at")
    list_filter = ("lists", ("opted_out_at", admin.EmptyFieldListFilter))
    search_fields = ("phone__exact", "name", "email")
    readonly_fields = ("opted_out_at", "consent", "created_at")
    show_full_result_count = False

    def has_erase_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("django_smsbat.erase_recipient")

    def has_change_lists_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("django_smsbat.change_recipientlist")

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Who stands in which list is the lists' permission, not the recipients'."""
        form = super().get_form(request, obj, change=change, **kwargs)
        if not self.has_change_lists_permission(request):
            form.base_fields.pop("lists", None)
        return form

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = [*RecipientForm.Meta.fields, "opted_out_at", "consent", "created_at"]
        return [*fields, "lists"] if self.has_change_lists_permission(request) else fields

    @admin.action(permissions=["change_lists"], description=_("Add to the list"))
    def add_to_list(self, request: HttpRequest, queryset: QuerySet[Recipient]) -> None:
        chosen = self._chosen_list(request)
        if chosen:
            chosen.recipients.add(*queryset)
            self._report(request, queryset.count(), chosen)

    @admin.action(permissions=["change_lists"], description=_("Take from the list"))
    def take_from_list(self, request: HttpRequest, queryset: QuerySet[Recipient]) -> None:
        chosen = self._chosen_list(request)
        if chosen:
            count = queryset.count()  # before: the page may be filtered by that very list
            chosen.recipients.remove(*queryset)
            self._report(request, count, chosen)

    @admin.action(permissions=["change"], description=_("Opt out…"))
    def opt_out(self, request: HttpRequest, queryset: QuerySet[Recipient]) -> HttpResponse | None:
        return ask(self, request, queryset, QUESTIONS["opt_out"])

    @admin.action(permissions=["change"], description=_("Opt in again…"))
    def opt_in(self, request: HttpRequest, queryset: QuerySet[Recipient]) -> HttpResponse | None:
        return ask(self, request, queryset, QUESTIONS["opt_in"])

    @admin.action(permissions=["erase"], description=_("Erase…"))
    def erase(self, request: HttpRequest, queryset: QuerySet[Recipient]) -> HttpResponse | None:
        return ask(self, request, queryset, QUESTIONS["erase"])

    @admin.display(description=_("consent"))
    def consent(self, obj: Recipient) -> SafeString | str:
        """Every change with its reason, the latest first."""
        rows = [
            (
                date_format(localtime(change.at), "Y-m-d H:i:s T"),
                _("opted out") if change.is_opt_out else _("opted in"),
                change.reason,
                " · ".join(filter(None, [change.get_source_display(), change.entered_by])),
            )
            for change in obj.consent_changes.all()
        ]
        items = format_html_join(
            "", "<li><time>{}</time> {} <span>{}</span> <small>{}</small></li>", rows
        )
        return format_html('<ol class="smsbat-timeline">{}</ol>', items) if rows else "—"

    def _chosen_list(self, request: HttpRequest) -> RecipientList | None:
        chosen = RecipientList.objects.filter(pk=request.POST.get("list") or 0).first()
        if chosen is None:
            self.message_user(request, _("Choose a list beside the action."), messages.WARNING)
        return chosen

    def _report(self, request: HttpRequest, count: int, chosen: RecipientList) -> None:
        words = ngettext(
            "“%(list)s”: %(count)d recipient.", "“%(list)s”: %(count)d recipients.", count
        )
        self.message_user(request, words % {"list": chosen, "count": count}, messages.SUCCESS)


@admin.register(RecipientList)
class RecipientListAdmin(StyledAdmin):
    fields = ("name", "people", "created_at")
    readonly_fields = ("people", "created_at")
    list_display = ("name", "people", "created_at")
    search_fields = ("name",)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """A list that a campaign went to stays: without it nobody could tell to whom it went."""
        deleted, counts, needed, protected = super().get_deleted_objects(objs, request)
        used = [
            f"{one}: {name}"
            for one in objs
            for name in one.campaigns.values_list("name", flat=True)
        ]
        return deleted, counts, needed, [*protected, *used]

    def get_queryset(self, request: HttpRequest) -> QuerySet[RecipientList]:
        lists: QuerySet[RecipientList] = super().get_queryset(request)
        return lists.annotate(people_count=Count("recipients"))

    @admin.display(description=_("recipients"), ordering="people_count")
    def people(self, obj: RecipientList) -> SafeString | str:
        count = getattr(obj, "people_count", None)
        if count is None:
            return str(_("Save the list, then add recipients to it on their own page."))
        url = reverse("admin:django_smsbat_recipient_changelist")
        return format_html('<a href="{}?lists__id__exact={}">{}</a>', url, obj.pk, count)
