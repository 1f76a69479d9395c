"""The question how a new list is to be called, made of people or of whom messages went to."""

from collections.abc import Callable
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import quote
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from django_smsbat.admin.question import own_page
from django_smsbat.admin.selection import Selection
from django_smsbat.admin.sentences import told
from django_smsbat.models import RecipientList
from django_smsbat.services import lists
from django_smsbat.services.transitions import Refused

_ACTION: Final = "make_list"
Make = Callable[[str, QuerySet[Any]], RecipientList]


class NameForm(forms.Form):
    name = forms.CharField(
        label=_("Title of the new list"),
        max_length=RecipientList._meta.get_field("name").max_length,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )


def ask_for_name(
    page: Any, request: HttpRequest, queryset: QuerySet[Any], make: Make
) -> HttpResponse:
    """Ask, or make the list and show it.

    Args:
        make: the service that makes it of these rows.
    """
    selection = Selection.of(request, queryset)
    confirmed = request.POST.get("confirmed") == _ACTION
    form = NameForm(request.POST if confirmed else None)
    if form.is_valid():
        try:
            made = make(form.cleaned_data["name"], selection.rows)
        except Refused as error:
            form.add_error("name", told(error))
        else:
            page.log_addition(request, made, [{"added": {}}])
            words = _("The list “%(name)s” has %(count)d recipients.")
            said = words % {"name": made, "count": made.recipients.count()}
            page.message_user(request, said, messages.SUCCESS)
            target = reverse("admin:django_smsbat_recipientlist_change", args=[quote(made.pk)])
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


make_of_people: Make = lists.make
make_of_messages: Make = lists.make_from_messages
