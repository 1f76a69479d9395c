"""The form that creates a list from recipients or from the recipients of messages."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import quote
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from django_smsbat.admin.confirm import own_page
from django_smsbat.admin.selection import Selection
from django_smsbat.admin.sentences import translated
from django_smsbat.models import RecipientList
from django_smsbat.services.exceptions import ActionNotAllowed
from django_smsbat.services.recipients import lists

_ACTION: Final = "make_list"


class NameForm(forms.Form):
    name = forms.CharField(
        label=_("Title of the new list"),
        max_length=RecipientList._meta.get_field("name").max_length,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )


class PeopleForm(NameForm):
    """Asks for the name, and may limit the list to some of the recipients."""

    attribute = forms.CharField(
        label=_("Only recipients with the attribute"),
        required=False,
        max_length=200,
        help_text=_("Such as city; empty for all."),
    )
    value = forms.CharField(label=_("is"), required=False, max_length=200)


def _of_people(form: forms.Form, people: QuerySet[Any]) -> RecipientList:
    data = form.cleaned_data
    if data["attribute"]:
        people = lists.with_attribute(people, data["attribute"], data["value"])
    return lists.make(data["name"], people)


def _of_messages(form: forms.Form, messages: QuerySet[Any]) -> RecipientList:
    return lists.make_from_messages(form.cleaned_data["name"], messages)


@dataclass(frozen=True)
class Making:
    """A source of a list: its form, and the service that creates the list."""

    form: type[forms.Form]
    make: Callable[[forms.Form, QuerySet[Any]], RecipientList]


OF_PEOPLE: Final = Making(PeopleForm, _of_people)
OF_MESSAGES: Final = Making(NameForm, _of_messages)


def ask_for_name(
    page: Any, request: HttpRequest, queryset: QuerySet[Any], making: Making
) -> HttpResponse:
    """Show the form, or create the list and show it."""
    selection = Selection.of(request, queryset)
    confirmed = request.POST.get("confirmed") == _ACTION
    form = making.form(request.POST if confirmed else None)
    if form.is_valid():
        try:
            created = making.make(form, selection.rows)
        except ActionNotAllowed as error:
            form.add_error("name", translated(error))
        else:
            page.log_addition(request, created, [{"added": {}}])
            count = created.recipients.count()
            text = ngettext(
                "The list “%(name)s” has %(count)d recipient.",
                "The list “%(name)s” has %(count)d recipients.",
                count,
            )
            message = text % {"name": created, "count": count}
            page.message_user(request, message, messages.SUCCESS)
            target = reverse("admin:smsbat_recipientlist_change", args=[quote(created.pk)])
            return HttpResponseRedirect(target)
    return own_page(
        page,
        request,
        "recipientlist/make.html",
        _("Make a list"),
        form=form,
        selection=selection,
        count=selection.rows.count(),
        answer={"name": _ACTION, "label": _("Make the list")},
    )
