"""A GET of any admin page or visitor page writes nothing to the database."""

from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from django_smsbat.admin.campaigns.actions import CAMPAIGN_ACTIONS
from django_smsbat.models import Campaign, Preflight, RecipientUpload, UploadState, Verification
from django_smsbat.services.recipients.imports import uploads
from tests.admin.test_permissions import PAGES, address, world  # noqa: F401 - a fixture
from tests.conftest import phone

pytestmark = [pytest.mark.once, pytest.mark.django_db]
WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE", "MERGE")
AUTOCOMPLETE = "/admin/autocomplete/?app_label=smsbat&model_name=message&field_name=campaign"
QUERIES = ["?q=380670000077", "?p=z", "?e=1", "?_popup=1"]


@pytest.fixture
def read_only():
    """A connection on which a statement that writes fails the test."""

    def refuse(execute, sql, params, many, context):
        assert not sql.lstrip().upper().startswith(WRITES), sql
        return execute(sql, params, many, context)

    return lambda: connection.execute_wrapper(refuse)


@pytest.mark.parametrize("page", PAGES)
def test_a_get_of_a_page_stores_nothing(world, boss, read_only, page):  # noqa: F811
    with read_only():
        assert boss.get(address(page, world)).status_code < 500


@pytest.mark.parametrize("path", ["/admin/", "/admin/smsbat/", AUTOCOMPLETE])
def test_neither_do_the_pages_of_the_site(world, boss, read_only, path):  # noqa: F811
    with read_only():
        assert boss.get(path).status_code == 200


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("page", [page for page in PAGES if page.endswith("changelist")])
def test_neither_does_a_filtered_list(world, boss, read_only, page, query):  # noqa: F811
    with read_only():
        assert boss.get(address(page, world) + query).status_code < 500


@pytest.mark.parametrize("name", sorted(CAMPAIGN_ACTIONS))
@pytest.mark.parametrize("status", Campaign._meta.get_field("status").choices)
def test_no_question_about_a_campaign_stores_anything(
    people, campaign, boss, read_only, settings, name, status
):
    settings.SMSBAT = {**settings.SMSBAT, "APPROVE_ABOVE": 1, "CONFIRM_ABOVE": 1}
    people(1, 2)
    made = campaign(status=status[0], scheduled_at=timezone.now() + timedelta(hours=1))
    with read_only():
        page = boss.get(reverse(f"admin:smsbat_campaign_{name}", args=[made.pk]))
    assert page.status_code == 200
    assert not Preflight.objects.exists()


@pytest.mark.parametrize("state", UploadState.values)
def test_no_page_of_an_upload_stores_anything(boss, read_only, state):
    kept = uploads.keep([b"phone,name\n380671112233,Ivan\n12,Nobody\n"], "a.csv", "Spring", "admin")
    RecipientUpload.objects.update(state=state)
    for name in ("import_one", "import_progress", "import_rejects"):
        with read_only():
            answer = boss.get(reverse(f"admin:smsbat_recipient_{name}", args=[kept.pk]))
            b"".join(answer) if answer.streaming else answer.content


@pytest.mark.parametrize("query", ["", "?phone=%2B380671112233", "?next=/cart/", "?again=1"])
@pytest.mark.parametrize("name", ["start", "check", "done"])
def test_no_page_for_visitors_stores_anything(client, smsbat, read_only, name, query):
    start = reverse("smsbat-verification:start")
    client.post(start, {"phone": phone(77), "channel": "sms"})
    before = list(Verification.objects.values())
    with read_only():
        client.get(reverse(f"smsbat-verification:{name}") + query)
    assert list(Verification.objects.values()) == before
