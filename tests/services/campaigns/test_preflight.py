"""The campaign sent is the campaign that the user checked."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_smsbat.models import Campaign, Message, Preflight, Recipient, RecipientList
from django_smsbat.services.campaigns import audience, lifecycle, preflight
from django_smsbat.services.exceptions import ActionNotAllowed
from tests.conftest import NOON, phone

pytestmark = pytest.mark.django_db
WORDS = {"same": "Sale!", "personal": "Sale in {{ city|default:'town' }}!"}


@pytest.fixture(params=WORDS)
def draft(request, people, campaign):
    """A promotional draft to three, with a preflight; with a common and with personal texts."""
    people(1, 2, 3, attributes={"city": "Kyiv"})
    made = campaign(text=WORDS[request.param])
    preflight.look(made, NOON)
    return made


def test_it_is_stored_with_the_campaign(people, campaign, settings):
    settings.SMSBAT = {**settings.SMSBAT, "BATCH_SIZE": 2, "SEND_RATE": 0.5}
    people(1, 2, attributes={"city": "x" * 70})
    people(3, attributes={"city": "Київ"})
    people(4)
    people(5, opted_out_at=NOON)
    broken = Recipient.objects.filter(pk__in=[one.pk for one in people(6)])
    broken.update(phone="+38o67")
    RecipientList.objects.create(name="Again").recipients.set(Recipient.objects.all()[:2])
    made = campaign(type="viber_promo", text="Hi", fallback_text="{{ city }}" + "y" * 100)
    made.lists.add(RecipientList.objects.get(name="Again"))
    preflight.look(made, NOON)
    found = Preflight.objects.get(campaign=made)
    assert (found.made_at, found.recipients, found.repeated) == (NOON, 3, 2)
    assert found.excluded == {"missing value": 1, "opted out": 1, "invalid number": 1}
    assert found.examples["missing value"] == "no value for {{ city }}"
    assert found.parts == {"2": 3}  # 170 characters in GSM 7-bit, and 104 in UCS-2
    assert found.worst_case_parts == 3 + 6
    assert found.duration == 4  # two requests, one every two seconds


def test_what_was_looked_at_is_launched(draft):
    made = lifecycle.launch(draft, fingerprint=draft.preflight.fingerprint)
    assert made.recipients == Message.objects.count() == 3


@pytest.mark.parametrize(
    "change",
    [
        {"text": "Other"},
        {"sender": "Other"},
        {"ttl": 60},
        {"type": "rcs"},
        {"type": "viber_trans", "fallback_text": "Other"},
        {"type": "viber_promo", "message_data": {"img": "https://example.com/a.png"}, "text": ""},
        {"is_transactional": True},
    ],
    ids="-".join,
)
def test_other_words_than_those_are_refused(draft, change):
    Campaign.objects.filter(pk=draft.pk).update(**change)
    draft.refresh_from_db()
    with pytest.raises(ActionNotAllowed, match="what it says has changed"):
        lifecycle.launch(draft)
    draft.refresh_from_db()
    assert (draft.status, Message.objects.count()) == ("draft", 0)


def test_other_people_than_those_are_refused_with_the_numbers(draft, people):
    people(4)
    with pytest.raises(
        ActionNotAllowed, match=r"who gets it \(3 then, 4 now\) has changed: look again"
    ):
        lifecycle.launch(draft)
    assert Message.objects.count() == 0


def test_as_many_but_other_people_are_refused_too(draft, people):
    RecipientList.objects.get().recipients.remove(Recipient.objects.get(phone=phone(2)))
    people(4)
    with pytest.raises(ActionNotAllowed, match="who gets it"):
        lifecycle.launch(draft)


@pytest.mark.parametrize(
    ("seen", "now"),
    [((1, 4), (2, 3)), ((1, 8), (4, 7))],
    ids=["whose keys come to the same", "whose squares do"],
)
def test_nor_do_others_pass_for_them(people, campaign, seen, now):
    everybody = {key: people(key, pk=key)[0] for key in range(1, 9)}
    made = campaign()
    [whole] = made.lists.all()
    whole.recipients.set([everybody[key] for key in seen])
    preflight.look(made)
    whole.recipients.set([everybody[key] for key in now])
    with pytest.raises(ActionNotAllowed, match="who gets it"):
        lifecycle.launch(made)


def test_who_gets_nothing_changes_nothing(draft, people):
    people(8, opted_out_at=NOON)
    assert lifecycle.launch(draft).recipients == 3


def test_another_value_in_a_personal_text_is_another_campaign(people, campaign):
    people(1, attributes={"city": "Kyiv"})
    made = campaign(text="Sale in {{ city }}!")
    preflight.look(made)
    Recipient.objects.update(attributes={"city": "Lviv"})
    with pytest.raises(ActionNotAllowed, match="who gets it"):
        lifecycle.launch(made)


def test_so_is_another_value_beside_the_text(people, campaign):
    people(1, attributes={"city": "Kyiv"})
    link = {"buttonText": "Buy", "buttonAction": "https://shop.example.com/{{ city }}"}
    made = campaign(type="viber_promo", message_data=link)
    preflight.look(made)
    Recipient.objects.update(attributes={"city": "Lviv"})
    with pytest.raises(ActionNotAllowed, match="who gets it"):
        lifecycle.launch(made)


def test_attributes_that_are_no_names_are_nobodys_values(people, campaign):
    people(1, attributes=["city"], email="olena@example.com")
    preflight.look(campaign(text="{{ city }}"))
    assert Preflight.objects.get().excluded == {"missing value": 1}
    preflight.look(campaign(name="Other", text="{{ email }}"))
    assert Preflight.objects.get(campaign__name="Other").recipients == 1


def test_who_pays_is_part_of_what_was_looked_at(draft, settings):
    shop = {"SENDER": "AcmeShop", "API_KEY": "shop-key"}
    settings.SMSBAT = {**settings.SMSBAT, "ACCOUNTS": {"shop": shop}}
    draft.account = "shop"
    draft.save()
    with pytest.raises(ActionNotAllowed, match="looked at"):
        lifecycle.launch(draft)


def test_looking_again_is_enough(draft, people):
    people(4)
    preflight.look(draft)
    assert lifecycle.launch(draft).recipients == 4


def test_what_one_person_saw_is_not_covered_by_what_another_saw(draft, people):
    seen = draft.preflight.fingerprint
    people(4)
    preflight.look(draft)
    with pytest.raises(ActionNotAllowed, match="who gets it has changed"):
        lifecycle.launch(draft, fingerprint=seen)


def test_without_any_look_a_launch_is_free(people, campaign):
    people(1)
    assert lifecycle.launch(campaign()).recipients == 1


def test_a_scheduled_campaign_goes_to_who_is_on_the_lists_by_then(draft, people):
    draft.scheduled_at = NOON + timedelta(hours=1)
    draft.save()
    lifecycle.schedule(draft, NOON)
    people(4)
    assert lifecycle.launch_due(NOON + timedelta(hours=2)) == []
    assert Message.objects.count() == 4


def found_of(campaign):
    preflight.look(campaign)
    return Preflight.objects.get(campaign=campaign).placeholders


def test_it_counts_who_gets_a_default_and_who_has_a_value(people, campaign):
    people(1, name="Olena", attributes={"city": "Kyiv"})
    people(2, name="\u200b", attributes={"city": "Kyiv"})
    people(3, attributes={"city": "Lviv"})
    people(4, name="Ivan")  # excluded: no city
    people(5, name="Oleh", opted_out_at=NOON, attributes={"city": "Kyiv"})
    text = "{{ name|default:'you' }} from {{ city }}"
    found = found_of(campaign(type="viber_promo", text=text, fallback_text=text))
    assert found == {
        "city": {"default": 0, "has_value": 3},
        "name": {"default": 2, "has_value": 2},
    }


def test_who_is_left_out_for_a_text_that_is_too_long_still_has_the_field(people, campaign):
    people(1, name="x" * 200)
    found = found_of(campaign(type="viber_promo", text="y" * 900 + "{{ name|default:'z' }}"))
    assert found == {"name": {"default": 0, "has_value": 1}}


@pytest.mark.parametrize(
    ("field", "meant"),
    [
        ("Name", "name"),
        ("first_name", "name"),
        ("FNAME", "name"),
        ("імя", "name"),
        ("телефон", "phone"),
        ("City", "city"),
        ("citty", "city"),
        ("Loyalty_Points", "loyaltyPoints"),
        ("zzz", ""),
    ],
)
def test_a_field_that_nobody_has_is_reported_with_the_one_that_was_meant(
    people, campaign, field, meant
):
    people(1, 2, attributes={"city": "Kyiv", "loyaltyPoints": 7, "not usable": 1})
    found = found_of(campaign(text=f"{{{{ {field}|default:'x' }}}}"))
    assert found == {field: {"default": 2, "has_value": 0, "suggestion": meant}}


def test_a_field_without_default_that_nobody_has_is_reported_too(people, campaign):
    people(1, name="Olena")
    assert found_of(campaign(text="{{ Name }} {{ name }}")) == {
        "Name": {"default": 0, "has_value": 0, "suggestion": "name"},
        "name": {"default": 0, "has_value": 1},
    }


@pytest.mark.parametrize("text", ["Sale!", "{{ Name }}"])
def test_where_nobody_is_looked_at_no_field_is_missed(people, campaign, text):
    people(1, opted_out_at=NOON)
    assert found_of(campaign(text=text)) == {}


def reads(queries):
    """Return the statements that read beyond the preflight; PostgreSQL declares cursors."""
    found = [q["sql"] for q in queries if q["sql"].startswith(("SELECT", "DECLARE"))]
    return [sql for sql in found if "smsbat_preflight" not in sql]


@pytest.mark.parametrize(
    ("text", "statements"), [("Sale!", 0), ("Sale {{ phone }}!", 0), ("Sale {{ Phone }}", 2)]
)
def test_only_a_field_that_nobody_has_takes_more_statements(people, campaign, text, statements):
    people(1, attributes={"phone": "x"})
    made = campaign(text=text)
    with CaptureQueriesContext(connection) as counted:
        audience.tally(made)
    with CaptureQueriesContext(connection) as looked:
        preflight.look(made)
    assert len(reads(looked)) - len(reads(counted)) == statements
