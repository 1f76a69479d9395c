"""List URLs accept the lookups of their own filters, and none that reveals hidden values."""

import pytest
from django.contrib import admin
from django.contrib.admin import DateFieldListFilter, ModelAdmin, SimpleListFilter
from django.db.models import JSONField
from django.urls import reverse

from django_smsbat.admin.base import StyledAdmin
from django_smsbat.models import Message, Recipient, StatusEvent
from tests.admin.test_permissions import make_verified
from tests.conftest import phone

pytestmark = [pytest.mark.once, pytest.mark.django_db]
PAGES = {
    model._meta.model_name: page
    for model, page in admin.site._registry.items()
    if model._meta.app_label == "smsbat"
}
# Every lookup that a list's URL may contain, with a value for it.
ALLOWED = {
    "campaign": {"status__exact": "draft", "status__isnull": "0", "type__exact": "sms"}
    | {"type__isnull": "0"},
    "message": {"attention": "yes", "status__exact": "queued", "status__isnull": "0"}
    | {"type__exact": "sms", "type__isnull": "0", "campaign__id__exact": "1"}
    | {"failure": "rejected:-", "day": "today"},
    "statusevent": {"status__exact": "sent", "status__isnull": "0", "source__exact": "poll"}
    | {"source__isnull": "0", "orphans": "yes", "day": "today"},
    "inboundmessage": {"shown": "all"},
    "recipient": {"lists__id__exact": "1", "opted_out_at__isempty": "0", "day": "today"},
    "recipientlist": {},
    "verification": {"status__exact": "pending", "status__isnull": "0", "channel__exact": "sms"}
    | {"channel__isnull": "0"},
    "closedprefix": {},
}
SUFFIXES = ["", *("exact", "iexact", "startswith", "contains", "regex", "gt", "lte", "in", "range")]
SUFFIXES += ["isnull", "isempty", "year", "date", "id", "id__exact", "pk", "pk__in"]


def fields_of(model, depth=1):
    """Return the paths of all fields, including related models and JSON keys."""
    yield "pk"
    for field in model._meta.get_fields():
        yield field.name
        if field.is_relation:
            yield getattr(field, "attname", field.name)
            if depth and field.related_model:
                yield from (f"{field.name}__{one}" for one in fields_of(field.related_model, 0))
        elif isinstance(field, JSONField):
            yield from (f"{field.name}__pin", f"{field.name}__templateParams__pin")


def lookups_of(name):
    for path in sorted(set(fields_of(PAGES[name].model))):
        yield from (f"{path}__{suffix}".removesuffix("__") for suffix in SUFFIXES)


def url_of(name):
    return reverse(f"admin:smsbat_{name}_changelist")


def test_every_page_is_in_the_table():
    assert set(PAGES) == set(ALLOWED)
    assert all(isinstance(page, StyledAdmin) for page in PAGES.values())


@pytest.mark.parametrize("name", PAGES)
def test_no_lookup_but_those_in_the_table_is_allowed(rf, admin_user, name):
    request = rf.get(url_of(name))
    request.user = admin_user
    asked = set(lookups_of(name)) | set(ALLOWED[name])
    page = PAGES[name]
    assert {one for one in asked if page.lookup_allowed(one, "4", request)} == set(ALLOWED[name])


@pytest.mark.parametrize("name", PAGES)
def test_a_lookup_on_any_field_is_answered_400(boss, name):
    for path in set(fields_of(PAGES[name].model)):
        assert boss.get(url_of(name), {f"{path}__startswith": "4"}).status_code == 400, path


@pytest.mark.parametrize(
    ("name", "lookup", "value"),
    [(name, *one) for name, lookups in ALLOWED.items() for one in lookups.items()],
)
def test_a_lookup_in_the_table_filters_the_list(boss, name, lookup, value):
    assert boss.get(url_of(name), {lookup: value}).status_code == 200


def test_a_lookup_beside_an_allowed_one_is_refused(boss):
    query = {"status__exact": "queued", "message_data__templateParams__pin__startswith": "4"}
    assert boss.get(url_of("message"), query).status_code == 400


@pytest.mark.parametrize("method", ["get", "post"])
def test_actions_and_exports_take_no_other_lookup(boss, method):
    query = "?attributes__city__startswith=K"
    export = reverse("admin:smsbat_recipient_export")
    for url in (url_of("recipient"), export):
        data = {"action": "opt_out", "select_across": "1", "_selected_action": ["1"]}
        answer = getattr(boss, method)(url + query, data if method == "post" else None)
        assert answer.status_code == 400


@pytest.mark.parametrize("field", ["id", "code_hash", "address_hash"])
def test_a_popup_names_no_hidden_field(boss, queued, field):
    make_verified(queued(77))
    query = {"_popup": "1", "_to_field": field}
    assert boss.get(url_of("verification"), query).status_code == 400


@pytest.mark.parametrize(("permissions", "count"), [([], 0), (["view_message"], 1)])
def test_only_who_may_see_phones_finds_reports_by_phone(staff, queued, permissions, count):
    message = queued(77)
    times = {"occurred_at": message.created_at, "recorded_at": message.created_at}
    own = {"smsbat_id": "s-1", "status": "sent", "source": "poll"}
    StatusEvent.objects.create(message=message, fingerprint="0" * 32, **own, **times)
    page = staff("view_statusevent", *permissions).get(
        url_of("statusevent"), {"q": phone(77)}, follow=True
    )
    assert len(page.context["cl"].result_list) == count


class _Sale(SimpleListFilter):
    parameter_name = "sale"
    title = "sale"

    def lookups(self, request, model_admin):
        return []

    def queryset(self, request, queryset):
        return queryset


class _ByAllKinds(StyledAdmin):
    """A page with filters of every kind that Django has."""

    date_hierarchy = "final_at"
    list_filter = (
        _Sale,
        "sender",
        "campaign__type",
        "recipient",
        ("final_at", DateFieldListFilter),
    )


def test_filters_of_any_kind_keep_their_lookups(rf):
    page = _ByAllKinds(Message, admin.AdminSite())
    own = {
        *("sale", "sender", "sender__isnull", "campaign__type__exact", "campaign__type__isnull"),
        *("recipient__id__exact", "recipient__isnull"),
        *("final_at__year", "final_at__month", "final_at__day"),
        *("final_at__gte", "final_at__lt", "final_at__isnull"),
    }
    asked = {*own, "text__startswith", "campaign__name", "recipient__phone", "final_at__second"}
    assert {one for one in asked if page.lookup_allowed(one, "4", rf.get("/"))} == own


def test_a_popup_limited_by_a_foreign_key_of_the_project_opens(rf, monkeypatch):
    limits = [{"opted_out_at__isnull": True}, lambda: {"email": "a@example.com"}]
    monkeypatch.setattr(Recipient._meta, "related_fkey_lookups", limits)
    page, request = PAGES["recipient"], rf.get("/")
    given = [("opted_out_at__isnull", "1"), ("email", "a@example.com"), ("email", "b@example.com")]
    assert [page.lookup_allowed(*one, request) for one in given] == [True, True, False]


def test_djangos_own_page_would_allow_them(rf):
    """Control: without our check Django allows them, so the tests above prove something."""
    page = ModelAdmin(PAGES["verification"].model, admin.site)
    assert page.lookup_allowed("code_hash__startswith", "4", rf.get("/"))
