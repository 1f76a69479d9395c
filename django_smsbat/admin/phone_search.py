"""Lists searched by phone: the number is posted, and the URL contains a row's key instead.

URLs end up in access logs, in the browser's history and in the Referer of loaded resources.
``?phone_of=12`` shows all rows with the phone of row 12. It can be bookmarked and shared.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

from django.contrib import admin
from django.contrib.admin.views.main import PAGE_VAR, SEARCH_VAR
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from django_smsbat.admin.base import StyledAdmin, phone_or_none
from django_smsbat.admin.parsing import number
from django_smsbat.gateway import phones

if TYPE_CHECKING:
    _ListFilter = admin.SimpleListFilter
else:
    _ListFilter = admin.SimpleListFilter

PHONE_OF: Final = "phone_of"
_NONE: Final = 0  # no row has this key
_NOT_KEPT: Final = ("csrfmiddlewaretoken", SEARCH_VAR, PHONE_OF, PAGE_VAR, "e")


class PhoneFilter(_ListFilter):
    """One phone, named by a row's key; offered only while it is chosen."""

    title = _("phone")
    parameter_name = PHONE_OF

    def __init__(self, request: HttpRequest, params: Any, model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        self._page: PhoneSearchAdmin = model_admin
        key = number(self.value())
        self._phone = "" if key is None else self._page.phone_of(request, key)

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return []

    def has_output(self) -> bool:
        return self.value() is not None

    def choices(self, changelist: Any) -> Iterator[Any]:
        everything = changelist.get_query_string(remove=[PHONE_OF])
        yield {"selected": False, "query_string": everything, "display": _("All")}
        shown = phones.mask(self._phone) if self._phone else _("not found")
        yield {
            "selected": True,
            "query_string": changelist.get_query_string(),
            "display": shown,
        }

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() is None:
            return queryset
        return self._page.with_phone(queryset, self._phone) if self._phone else queryset.none()


class PhoneSearchAdmin(StyledAdmin):
    """The base of lists that can be searched by phone.

    Attributes:
        phone_field: the field that stores the phone.
        phone_model: the model of the rows that name a phone, if it is not the list's model.
    """

    phone_field: ClassVar[str]
    phone_model: ClassVar[type[Model] | None] = None

    def get_list_filter(self, request: HttpRequest) -> Any:
        return [*super().get_list_filter(request), PhoneFilter]

    def get_urls(self) -> list[URLPattern]:
        search = path(
            "search/",
            self.admin_site.admin_view(self._search_view),
            name=f"smsbat_{self.opts.model_name}_search",
        )
        return [search, *super().get_urls()]

    def searched_phone(self, term: str) -> str | None:
        """Return the phone in a search term; "" for an unknown phone, None for other terms."""
        return phone_or_none(term)

    def may_search_phones(self, request: HttpRequest) -> bool:
        return True

    def with_phone(self, queryset: Any, phone: str) -> Any:
        """Filter the list by phone."""
        return queryset.filter(**{self.phone_field: phone})

    def phone_of(self, request: HttpRequest, key: int) -> str:
        """Return a row's phone; "" if it has none, or if the user may not search by it."""
        if not self.may_search_phones(request):
            return ""
        phone = self._rows().filter(pk=key).values_list(self.phone_field, flat=True).first()
        return str(phone or "")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Redirect URLs that contain a phone, such as old bookmarks, so that no link repeats it."""
        term = request.GET.get(SEARCH_VAR, "").strip()
        if request.method == "GET" and term and self.searched_phone(term) is not None:
            return self._searched(term, request.GET.items())
        return super().changelist_view(request, extra_context)

    def _search_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        return self._searched(request.POST.get(SEARCH_VAR, "").strip(), request.POST.items())

    def _searched(self, term: str, parameters: Any) -> HttpResponse:
        """Redirect to the list with its other filters."""
        kept: Mapping[str, Any] = {
            name: value for name, value in parameters if name not in _NOT_KEPT and value
        }
        phone = self.searched_phone(term) if term else None
        if phone is not None:
            named = self._rows().filter(**{self.phone_field: phone}) if phone else None
            key = named.order_by("-pk").values_list("pk", flat=True).first() if named else None
            kept = {**kept, PHONE_OF: key or _NONE}
        elif term:
            kept = {**kept, SEARCH_VAR: term}
        return HttpResponseRedirect(f"{self._list_url()}?{urlencode(kept)}")

    def _list_url(self) -> str:
        name = f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_changelist"
        return reverse(name)

    def _rows(self) -> Any:
        return (self.phone_model or self.model)._default_manager.all()
