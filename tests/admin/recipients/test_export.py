"""An export of recipients can be imported again unchanged, and then changes nothing."""

import pytest
from django.urls import reverse
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from django_smsbat.admin.recipients.export import export
from django_smsbat.gateway.text import visible
from django_smsbat.models import ConsentChange, Recipient
from django_smsbat.services.consent import changes as consent
from django_smsbat.services.consent.changes import ConsentReason
from django_smsbat.services.recipients import imports
from tests.conftest import NOON, phone

pytestmark = pytest.mark.django_db
STORED = ("phone", "name", "email", "attributes", "opted_out_at")


def exported(tmp_path):
    path = tmp_path / "recipients.csv"
    path.write_bytes(b"".join(export(Recipient.objects.all()).streaming_content))
    return path


def stored():
    return sorted(Recipient.objects.values_list(*STORED))


def headings_of(path):
    return path.read_text(encoding="utf-8-sig").splitlines()[0].split(",")


@pytest.fixture
def everybody(people):
    olena, ivan, taras = people(1, 2, 3)
    Recipient.objects.filter(pk=olena.pk).update(
        name="=cmd()", email="olena@example.com", attributes={"city": "Київ", "insta": "@olena"}
    )
    Recipient.objects.filter(pk=ivan.pk).update(
        name="Іван, 'Ваня'", attributes={"visits": 7, "vip": True, "my city": "x", "status": "-10%"}
    )
    consent.opt_out(ivan, ConsentReason(at=NOON, reason="by phone"), NOON)
    consent.opt_in(taras, ConsentReason(at=NOON, reason="website"), NOON)
    return olena, ivan, taras


def test_each_attribute_has_a_column(everybody, tmp_path):
    assert headings_of(exported(tmp_path))[6:] == [
        "city",
        "insta",
        "attribute:my city:text",
        "attribute:status:text",
        "attribute:vip:boolean",
        "attribute:visits:number",
    ]


@pytest.mark.parametrize("language", ["en", "uk"])
def test_importing_it_again_changes_nothing(everybody, tmp_path, language):
    with translation.override(language):
        path = exported(tmp_path)
    before, changes = stored(), ConsentChange.objects.count()
    result = imports.import_file(path, "All")
    assert (result.unchanged, result.rejected, result.opted_out) == (3, 0, 0)
    assert stored() == before
    assert ConsentChange.objects.count() == changes


def test_on_another_site_everybody_is_as_before(everybody, tmp_path):
    path, before = exported(tmp_path), stored()
    Recipient.objects.all().delete()
    imports.import_file(path, "All")
    assert stored() == before
    opt_in = ConsentChange.objects.get(is_opt_out=False)
    assert (opt_in.recipient.phone, opt_in.at, opt_in.reason) == (phone(3), NOON, "website")


@pytest.mark.parametrize("change", ["comma", "quotes"])
def test_a_spreadsheet_that_saves_it_again_loses_nothing(everybody, tmp_path, change):
    path, before = exported(tmp_path), stored()
    text = path.read_text(encoding="utf-8-sig")
    if change == "comma":
        import csv
        import io

        rows, out = list(csv.reader(io.StringIO(text))), io.StringIO()
        csv.writer(out, delimiter=";").writerows(rows)
        text = out.getvalue()
    path.write_text(text, encoding="utf-8")
    imports.import_file(path, "All")
    assert stored() == before


NAMES = st.text(
    st.characters(blacklist_categories=["Cs", "Cc", "Cf", "Zl", "Zp", "Zs"]), min_size=1, max_size=8
)
VALUES = st.one_of(
    NAMES.filter(lambda text: text == visible(text) and not text.startswith("#")),
    st.integers(-(10**6), 10**6),
    st.booleans(),
    st.lists(st.integers(), max_size=2),
)


@given(attributes=st.dictionaries(NAMES, VALUES, max_size=4))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_any_attributes_survive_a_move_to_another_site(tmp_path, attributes):
    Recipient.objects.all().delete()
    Recipient.objects.create(phone=phone(1), attributes=attributes)
    path = exported(tmp_path)
    Recipient.objects.all().delete()
    imports.import_file(path, "All", restart=True)
    assert Recipient.objects.get().attributes == attributes


def test_who_may_not_see_recipients_exports_none(staff):
    assert staff().get(reverse("admin:smsbat_recipient_export")).status_code == 403
