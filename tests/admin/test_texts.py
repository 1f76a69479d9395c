"""The admin's warnings about a text before sending, and how it stores the text."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from django_smsbat.admin.campaigns.composer.characters import readable
from django_smsbat.admin.formatting import moment
from django_smsbat.admin.sentences import is_known
from django_smsbat.gateway.messages import Content, InvalidMessage
from django_smsbat.models import Campaign, Message, Recipient, RecipientList
from django_smsbat.services.campaigns import lifecycle, recipient_fields
from django_smsbat.services.campaigns.placeholders import ContentTemplate
from tests.conftest import NOON, phone

PHONE = reverse("admin:smsbat_campaign_phone")
ADD = reverse("admin:smsbat_campaign_add")


@pytest.fixture
def everybody(db):
    return RecipientList.objects.get_or_create(name="All")[0]


@pytest.fixture
def on_phone(boss, everybody):
    """The phone beside the form, with this text."""

    def shown(text, **more):
        typed = {"type": "sms", "text": text, "lists": [everybody.pk], **more}
        return boss.post(PHONE, typed).content.decode()

    return shown


@pytest.fixture
def question(boss):
    """The confirmation page before a campaign is sent."""

    def asked(campaign):
        url = reverse("admin:smsbat_campaign_send", args=[campaign.pk])
        return boss.get(url).content.decode()

    return asked


def typed(everybody, **fields):
    return {"name": "Sale", "type": "sms", "lists": [everybody.pk], "text": "Hi", **fields}


def change(campaign):
    return reverse("admin:smsbat_campaign_change", args=[campaign.pk])


def test_a_line_break_typed_in_a_browser_is_stored_as_one_character(boss, everybody):
    boss.post(ADD, typed(everybody, text="a" * 80 + "\r\n" + "b" * 79))
    assert Campaign.objects.get().text == "a" * 80 + "\n" + "b" * 79


def test_it_is_counted_as_one_before_it_is_stored(on_phone):
    assert "SMS: 1 part, GSM 7-bit, 160 characters." in on_phone("a" * 80 + "\r\n" + "b" * 79)


def test_saving_a_text_of_two_lines_again_changes_nothing(boss, everybody):
    boss.post(ADD, typed(everybody, text="a\r\nb"))
    made = Campaign.objects.get()
    boss.post(change(made), typed(everybody, text="a\r\nb"))
    log = boss.get(reverse("admin:smsbat_campaign_history", args=[made.pk]))
    assert Campaign.objects.get().text == "a\nb"
    assert "Changed Text" not in log.content.decode()


@pytest.mark.parametrize("kind", ["sms", "viber_promo"])
def test_what_was_stored_with_two_is_sent_with_one(people, campaign, kind):
    people(1, attributes={"street": "x\r\ny"})
    made = campaign(type=kind)
    more = {"fallback_text": "c\r\nd"} if kind == "viber_promo" else {}
    Campaign.objects.filter(pk=made.pk).update(text="a\r\n{{ street }}\rb", **more)
    made.refresh_from_db()
    lifecycle.launch(made)
    sent = Message.objects.get()
    assert (sent.text, sent.fallback_text) == ("a\nx\ny\nb", "c\nd" if more else "")


def test_a_value_that_looks_like_a_placeholder_is_sent_as_it_is(people, campaign):
    people(1, name="{{ phone }}")
    lifecycle.launch(campaign(text="Hi {{ name }}"))
    assert Message.objects.get().text == "Hi {{ phone }}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('Hi {{ name|default:"{{ city }}" }}!', "braces in its default"),
        ("Hi {{ contact.name }}", "dots are not supported"),
        ("Hi { name", "has no partner"),
    ],
)
def test_braces_that_would_reach_a_phone_are_refused_at_their_field(boss, everybody, text, words):
    answer = boss.post(ADD, typed(everybody, text=text))
    assert words in str(answer.context["adminform"].form.errors["text"])
    assert not Campaign.objects.exists()


@pytest.mark.parametrize(
    ("char", "name"),
    [
        ("\u00a0", "non-breaking space (U+00A0)"),
        ("\u200b", "zero width space (U+200B)"),
        ("\u00ad", "soft hyphen (U+00AD)"),
        ("\u200e", "left-to-right mark (U+200E)"),
        ("\u0301", "combining acute accent (U+0301)"),
        ("\u2006", "six-per-em space (U+2006)"),
        ("\x07", "control character (U+0007)"),
        ("“", "“"),
        ("ї", "ї"),
    ],
)
def test_a_character_that_cannot_be_seen_is_named(char, name):
    assert readable(char) == name


@pytest.mark.parametrize("char", ["\u00a0", "\u200b"])
def test_a_dearer_character_is_named_beside_the_phone(on_phone, char):
    shown = on_phone("a" * 70 + char + "b" * 40)
    assert f"{readable(char)} increases the number of SMS parts" in shown
    assert f"<code>{readable(char)}</code>" in shown


class TestBesideThePhone:
    def test_who_opted_out_is_said_to_be_left_out(self, on_phone, people):
        people(1, name="Olena", opted_out_at=NOON)
        assert "would be left out: opted out." in on_phone("Hi {{ name }}")
        assert "would be left out" not in on_phone("Hi {{ name }}", is_transactional="on")

    def test_a_number_that_is_none_is_left_out_too(self, on_phone, people):
        people(1)
        Recipient.objects.update(phone="+38o67")
        assert "would be left out: not a phone number." in on_phone("Hi")

    def test_a_text_that_is_too_long_for_one_person_says_how_long(self, on_phone, people):
        people(1, name="x" * 200)
        shown = on_phone("y" * 900 + "{{ name }}", type="viber_promo")
        assert "does not fit once it is filled in" in shown
        assert "1,100 characters; at most 1,000 are allowed" in shown

    def test_a_field_that_nobody_has_is_named_with_the_one_that_was_meant(self, on_phone, people):
        people(1, name="Olena")
        shown = on_phone("Hi {{ Name|default:'друже' }}")
        assert "No recipient on these lists has the field “Name”. Did you mean “name”?" in shown
        assert "1 of 1 gets the default “друже” for {{ Name }}." in shown

    def test_of_long_lists_only_the_first_are_read(self, on_phone, people, monkeypatch):
        monkeypatch.setattr(recipient_fields, "SAMPLE_SIZE", 2)
        people(1, 2)
        people(3, attributes={"city": "Kyiv"})
        shown = on_phone("Hi {{ city|default:'x' }}")
        assert "None of the first 2 recipients on these lists has the field “city”." in shown
        assert "Counted among the first 2." in shown

    def test_a_text_without_placeholders_reads_no_sample(
        self, on_phone, people, django_assert_max_num_queries
    ):
        people(*range(1, 9))
        with django_assert_max_num_queries(6):
            on_phone("Hi")

    def test_who_may_not_see_people_learns_nothing_of_their_fields(self, staff, people, everybody):
        people(1)
        client = staff("add_campaign", "view_campaign")
        text = {"type": "sms", "text": "Hi {{ Name|default:'x' }}", "lists": [everybody.pk]}
        assert "has the field" not in client.post(PHONE, text).content.decode()

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("Sale!", "This text offers no way to opt out"),
            ("Sale! Reply STOP", "“STOP” cannot reach you"),
        ],
    )
    def test_an_alpha_name_receives_no_keyword(self, on_phone, text, words):
        assert words in on_phone(text, sender="AcmeShop")
        assert words not in on_phone(text, sender="380671112233")

    def test_the_sender_of_the_account_counts(self, on_phone, settings):
        settings.SMSBAT = {**settings.SMSBAT, "SENDER": "380671112233"}
        assert "It does not say how to opt out" in on_phone("Sale!")


class TestTheQuestion:
    def test_it_tells_how_many_get_a_default(self, question, people, campaign):
        people(1, name="Olena")
        people(*range(2, 6))
        page = question(campaign(text="{{ name|default:'друже' }} {{ email|default:'' }}"))
        assert "4 of 5 get the default “друже” for {{ name }}." in page
        assert "5 of 5 get nothing for {{ email }}." in page

    def test_it_warns_of_a_field_that_nobody_has(self, question, people, campaign):
        people(1)
        page = question(campaign(text="{{ City|default:'x' }}"))
        assert "No recipient on these lists has the field “City”." in page
        assert "Placeholders" not in question(campaign(text="Sale!"))

    def test_numbers_are_grouped(self, question, people, campaign):
        Recipient.objects.bulk_create(Recipient(phone=phone(n)) for n in range(1_000, 2_100))
        made = campaign(text="{{ name|default:'x' }}")
        RecipientList.objects.get().recipients.set(Recipient.objects.all())
        assert "1,100 of 1,100 get the default" in question(made)


class TestTimeZones:
    @pytest.fixture(autouse=True)
    def kyiv(self):
        with timezone.override("Europe/Kyiv"):
            yield

    def test_a_moment_names_its_zone(self):
        winter, summer = (datetime(2026, month, 2, 12, tzinfo=UTC) for month in (1, 7))
        assert moment(winter) == "2026-01-02 14:00:00 Europe/Kyiv"
        assert moment(summer) == "2026-07-02 15:00:00 Europe/Kyiv"

    def test_the_hour_that_comes_twice_has_its_offset(self):
        first, second = (datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1))
        assert moment(first) == "2026-10-25 03:30:00 Europe/Kyiv +0300"
        assert moment(second) == "2026-10-25 03:30:00 Europe/Kyiv +0200"


def test_the_form_names_the_zone_of_its_clock(boss, settings, db):
    settings.TIME_ZONE = "Europe/Kyiv"
    page = boss.get(ADD).content.decode()
    assert "In the time zone Europe/Kyiv." in page


def test_invisible_characters_are_named_in_the_readers_language():
    with translation.override("en"):
        assert readable("\u2060") == "word joiner (U+2060)"


@pytest.mark.parametrize(
    "text",
    [
        '{{ name|default:"{{ city }}" }}',
        "{{ contact.name }}",
        "{{ name|upper }}",
        "{{ name|default:друже }}",
        "{{ first name }}",
        "{{ name",
        "{ name",
    ],
)
def test_every_advice_on_braces_is_known_by_its_form(text):
    with pytest.raises(InvalidMessage) as refused:
        ContentTemplate(Content(type="sms", text=text))
    assert is_known(refused.value.reason)
