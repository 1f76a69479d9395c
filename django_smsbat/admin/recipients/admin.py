"""Recipients: their data, their consent and their lists."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from django_smsbat.admin.base import phone_or_none
from django_smsbat.admin.filters import DayFilter, ListFilter
from django_smsbat.admin.formatting import columns, moment
from django_smsbat.admin.json_field import ObjectField
from django_smsbat.admin.pagination import KeysetAdmin
from django_smsbat.admin.parsing import number
from django_smsbat.admin.phone_search import PhoneSearchAdmin
from django_smsbat.admin.recipients.consent import QUESTIONS, ask
from django_smsbat.admin.recipients.create_list import OF_PEOPLE, ask_for_name
from django_smsbat.admin.recipients.export import export
from django_smsbat.admin.recipients.imports import Importing, may_import
from django_smsbat.admin.recipients.timeline import PhoneHistoryAdmin
from django_smsbat.models import Recipient, RecipientList
from django_smsbat.services.consent import suppression
from django_smsbat.services.recipients import lists

if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[Recipient]
else:
    _ModelForm = forms.ModelForm

_DIGITS_OF_A_PHONE: Final = 7
_OPTED_OUT, _CREATED = columns(Recipient, "opted_out_at", "created_at")


class RecipientForm(_ModelForm):
    """A recipient with their lists."""

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
        if self.instance.pk and "lists" in self.fields:
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


class Unnamed:
    """A recipient for the admin's log, which outlives it: shows the key, not the name."""

    def __init__(self, recipient: Recipient) -> None:
        self.pk = recipient.pk
        self._meta = recipient._meta

    def __str__(self) -> str:
        return f"#{self.pk}"


class ListActionForm(ActionForm):
    """The list that an action adds recipients to or removes them from."""

    list = forms.ModelChoiceField(RecipientList.objects.all(), required=False, label=_("List:"))


@admin.register(Recipient)
class RecipientAdmin(PhoneSearchAdmin, KeysetAdmin, PhoneHistoryAdmin):
    form = RecipientForm
    action_form = ListActionForm
    actions = ("add_to_list", "take_from_list", "make_list", "opt_out", "opt_in", "erase")
    list_display = ("phone", "name", "email", _OPTED_OUT)
    empty_words = _(
        "No recipients yet: press “Import” above, or add one. People who write to you are "
        "added, too."
    )
    list_filter = (ListFilter, ("opted_out_at", admin.EmptyFieldListFilter), DayFilter)
    search_fields = ("phone__exact",)  # and names and e-mail addresses, see `get_search_results`
    search_help_text = _("A whole phone number or e-mail address, or how a name begins.")
    phone_field = "phone"
    change_list_template = "admin/smsbat/recipient/change_list.html"
    readonly_fields = (_OPTED_OUT, "consent", _CREATED, "in_lists")

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        """Search only by indexed fields."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if phone := phone_or_none(term):
            return queryset.filter(phone=phone), False
        own = {"email": term} if "@" in term else {"name__startswith": term}
        return queryset.filter(**own), False

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return super().log_addition(request, Unnamed(obj), message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return super().log_change(request, Unnamed(obj), message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        unnamed: Any = [Unnamed(one) for one in queryset]
        return super().log_deletions(request, unnamed)

    def searched_phone(self, term: str) -> str | None:
        """Accept a mistyped number too: names and e-mail addresses contain no seven digits."""
        digits = sum(character.isdecimal() for character in term)
        is_phone = digits >= _DIGITS_OF_A_PHONE and "@" not in term
        return phone_or_none(term) or ("" if is_phone else None)

    def has_make_list_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("smsbat.add_recipientlist")

    def has_erase_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("smsbat.erase_recipient")

    def has_change_lists_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("smsbat.change_recipientlist")

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Require the lists' permission, not the recipients', to change membership."""
        form = super().get_form(request, obj, change=change, **kwargs)
        if not self.has_change_lists_permission(request):
            form.base_fields.pop("lists", None)
        return form

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = [*RecipientForm.Meta.fields, _OPTED_OUT, "consent", _CREATED]
        may_change = self.has_change_permission if obj else self.has_add_permission
        own = may_change(request) and self.has_change_lists_permission(request)
        return [*fields, "lists" if own else "in_lists"]

    @admin.action(permissions=["change_lists"], description=_("Add to the list"))
    def add_to_list(self, request: HttpRequest, queryset: QuerySet[Recipient]) -> None:
        self._change_list(request, queryset, lists.add)

    @admin.action(permissions=["change_lists"], description=_("Take from the list"))
    def take_from_list(self, request: HttpRequest, queryset: QuerySet[Recipient]) -> None:
        self._change_list(request, queryset, lists.remove)

    def _change_list(
        self,
        request: HttpRequest,
        people: QuerySet[Recipient],
        change: Callable[[RecipientList, QuerySet[Recipient]], int],
    ) -> None:
        chosen = RecipientList.objects.filter(pk=number(request.POST.get("list")) or 0).first()
        if chosen is None:
            self.message_user(request, _("Choose a list beside the action."), messages.WARNING)
            return
        count = change(chosen, people)
        text = ngettext(
            "“%(list)s”: %(count)d recipient.", "“%(list)s”: %(count)d recipients.", count
        )
        self.message_user(request, text % {"list": chosen, "count": count}, messages.SUCCESS)

    @admin.action(permissions=["make_list"], description=_("Make a list of them…"))
    def make_list(self, request: HttpRequest, queryset: QuerySet[Recipient]) -> HttpResponse:
        return ask_for_name(self, request, queryset, OF_PEOPLE)

    @admin.action(permissions=["change"], description=_("Opt out…"))
    def opt_out(self, request: HttpRequest, queryset: QuerySet[Recipient]) -> HttpResponse | None:
        return ask(self, request, queryset, QUESTIONS["opt_out"])

    @admin.action(permissions=["change"], description=_("Opt in again…"))
    def opt_in(self, request: HttpRequest, queryset: QuerySet[Recipient]) -> HttpResponse | None:
        return ask(self, request, queryset, QUESTIONS["opt_in"])

    @admin.action(permissions=["erase"], description=_("Erase…"))
    def erase(self, request: HttpRequest, queryset: QuerySet[Recipient]) -> HttpResponse | None:
        return ask(self, request, queryset, QUESTIONS["erase"])

    def get_urls(self) -> list[URLPattern]:
        export = path(
            "export/",
            self.admin_site.admin_view(self._export_view),
            name="smsbat_recipient_export",
        )
        return [export, *Importing(self).urls(), *super().get_urls()]

    def _export_view(self, request: HttpRequest) -> Any:
        """Export all recipients that match the list's filters."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            rows = self.get_changelist_instance(request).queryset
        except IncorrectLookupParameters:
            raise Http404 from None
        return export(rows)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        may = {"may_import": may_import(request), "may_export": True}
        return super().changelist_view(request, {**may, **(extra_context or {})})

    @admin.display(description=_("lists"))
    def in_lists(self, obj: Recipient) -> str:
        return ", ".join(str(one) for one in obj.lists.all()) if obj.pk else "—"

    @admin.display(description=_("consent"))
    def consent(self, obj: Recipient) -> SafeString | str:
        """Render every consent change with its reason, the latest first."""
        rows = [
            (
                moment(change.at),
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
