"""The composer: each type by its own inputs, within the gateway's limits, shown on a phone."""

from contextlib import suppress

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from django_smsbat.admin.campaigns.composer import reading
from django_smsbat.admin.campaigns.composer.phone import advice_on_ttl, bubble_of
from django_smsbat.admin.campaigns.composer.schema import SCHEMA
from django_smsbat.gateway import otp_templates
from django_smsbat.gateway.message_types import TYPES, MessageType
from django_smsbat.gateway.messages import CLASSES, Content, InvalidMessage, from_content
from django_smsbat.models import Campaign, RecipientList
from tests.admin.test_pages import HOSTILE
from tests.conftest import phone

PHONE = reverse("admin:smsbat_campaign_phone")
ADD = reverse("admin:smsbat_campaign_add")
SHOP = "https://shop.example.com/"
IMAGE = f"{SHOP}a.png"
# The user's input for each type, and the resulting wire data.
TYPED = {
    "sms": ({"text": "Hi"}, {}),
    "viber_promo": (
        {"text": "Hi", "image_url": IMAGE, "button_text": "Buy", "button_url": SHOP},
        {"img": IMAGE, "buttonText": "Buy", "buttonAction": SHOP},
    ),
    "viber_trans": (
        {"text": "Hi", "file_url": f"{SHOP}a.pdf", "file_name": "a.pdf"},
        {"fileUrl": f"{SHOP}a.pdf", "fileName": "a.pdf", "fileType": "pdf"},
    ),
    "viber_carousel": (
        {
            "text": "Hi",
            "items-0-title": "Tea",
            "items-0-image_url": IMAGE,
            "items-0-primary_button-label": "Buy",
            "items-0-primary_button-url": SHOP,
            "items-0-secondary_button-label": "More",
            "items-0-secondary_button-url": SHOP,
        },
        {
            "carousel": {
                "items": [
                    {
                        "title": "Tea",
                        "imageUrl": IMAGE,
                        "primaryButton": {"label": "Buy", "actionUrl": SHOP},
                        "secondaryButton": {"label": "More", "actionUrl": SHOP},
                    }
                ]
            }
        },
    ),
    "viber_survey": (
        {"text": "Well?", "options-0": "Yes", "options-1": "No", "options-2": ""},
        {"survey": {"options": ["Yes", "No"]}},
    ),
    "viber_otp": (
        {
            "template_id": otp_templates.find("validity_time").id,
            "template_lang": "uk",
            "template_params-pin": "{{ code }}",
            "template_params-code_validity_time": "5",
            "template_params-code_reason": "",
        },
        {
            "templateId": otp_templates.find("validity_time").id,
            "templateLang": "uk",
            "templateParams": {"pin": "{{ code }}", "code_validity_time": 5},
        },
    ),
    "rcs": (
        {
            "text": "Hi",
            "media-url": IMAGE,
            "media-mime_type": "image/png",
            "media-height": "200",
            "buttons-0-text": "Call",
            "buttons-0-kind": "dial",
            "buttons-0-phone_number": "+380671112233",
            "buttons-1-text": "Here",
            "buttons-1-kind": "shareLocation",
        },
        {
            "media": {"url": IMAGE, "type": "image/png", "height": 200},
            "buttons": [
                {"text": "Call", "action": {"type": "dial", "phoneNumber": "+380671112233"}},
                {"text": "Here", "action": {"type": "shareLocation"}},
            ],
        },
    ),
    "flashcall": ({"caller_id": "+380441112233"}, {"callerId": "+380441112233"}),
}


def typed(kind, **more):
    own = {"text": TYPED[kind][0].get("text", "")}
    inputs = {f"{kind}-{name}": value for name, value in TYPED[kind][0].items() if name != "text"}
    return {"name": "Sale", "type": kind, "sender": "", **own, **inputs, **more}


@pytest.fixture
def everybody(db):
    return RecipientList.objects.get_or_create(name="All")[0]


def test_every_type_has_its_inputs():
    assert TYPED.keys() == {kind.value for kind in TYPES} == {kind.value for kind in SCHEMA}


@pytest.mark.parametrize("kind", TYPED)
def test_every_type_is_composed_by_its_own_inputs(boss, everybody, kind):
    answer = boss.post(ADD, typed(kind, lists=[everybody.pk]))
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    made = Campaign.objects.get()
    assert (made.type, made.message_data) == (kind, TYPED[kind][1])


@pytest.mark.parametrize("kind", TYPED)
def test_what_was_composed_stands_in_its_inputs_again(boss, everybody, kind):
    boss.post(ADD, typed(kind, lists=[everybody.pk]))
    url = reverse("admin:smsbat_campaign_change", args=[Campaign.objects.get().pk])
    page = boss.get(url).content.decode()
    for name, value in typed(kind).items():
        is_written = value and name not in ("type", "text") and "kind" not in name
        if is_written and not name.endswith(("template_id", "template_lang", "mime_type")):
            assert f'value="{value}"' in page, name
    before = Campaign.objects.get().message_data
    boss.post(url, typed(kind, lists=[everybody.pk]))
    assert Campaign.objects.get().message_data == before


def test_rows_go_in_the_order_in_which_they_were_posted(boss, everybody):
    rows = {"viber_survey-options-7": "First", "viber_survey-options-0": "Second"}
    data = {"name": "S", "type": "viber_survey", "text": "?", "lists": [everybody.pk], **rows}
    boss.post(ADD, data)
    assert Campaign.objects.get().message_data["survey"]["options"] == ["First", "Second"]


@pytest.mark.parametrize(
    ("kind", "wrong", "input_name"),
    [
        ("viber_promo", {"button_url": "ftp://x"}, "viber_promo-button_url"),
        ("viber_carousel", {"items-0-title": ""}, "viber_carousel-items-0-title"),
        (
            "viber_carousel",
            {"items-0-primary_button-url": "x"},
            "viber_carousel-items-0-primary_button-url",
        ),
        ("viber_survey", {"options-1": "x" * 31}, "viber_survey-options-1"),
        ("viber_otp", {"template_params-pin": ""}, "viber_otp-template_params-pin"),
        ("rcs", {"media-height": "tall"}, "rcs-media-height"),
        ("rcs", {"buttons-0-phone_number": "12"}, "rcs-buttons-0-phone_number"),
    ],
)
def test_what_is_wrong_is_said_at_its_input_and_nothing_that_was_typed_is_lost(
    boss, everybody, kind, wrong, input_name
):
    more = {f"{kind}-{name}": value for name, value in wrong.items()}
    answer = boss.post(ADD, typed(kind, lists=[everybody.pk], **more))
    page = answer.content.decode()
    assert f'aria-describedby="id_{input_name}_refusal"' in page
    assert f'id="id_{input_name}_refusal"' in page
    for name, value in {**typed(kind), **more}.items():
        if value and name not in ("type", "text") and not name.endswith(("kind", "_id", "_lang")):
            assert f'value="{value}"' in page or f'value="{value}" selected' in page, name
    assert not Campaign.objects.exists()


def test_what_the_type_has_no_place_for_is_not_kept(boss, everybody):
    more = {"fallback_text": "Later", "is_transactional": "on", "viber_promo-button_text": "Buy"}
    boss.post(ADD, typed("sms", lists=[everybody.pk], **more))
    made = Campaign.objects.get()
    assert (made.fallback_text, made.message_data, made.is_transactional) == ("", {}, True)
    boss.post(ADD, typed("viber_trans", lists=[everybody.pk], is_transactional="on"))
    assert not Campaign.objects.latest("pk").is_transactional


def test_the_limits_of_the_inputs_are_those_of_the_gateway(boss, db):
    page = boss.get(ADD).content.decode()
    assert (
        'name="viber_survey-options-0" id="id_viber_survey-options-0" value="" maxlength="30"'
        in page
    )
    assert 'data-least="2" data-most="5"' in page


@pytest.mark.parametrize("kind", list(MessageType))
def test_nothing_that_is_typed_breaks_the_reading(kind):
    text = st.text("a7 <{%\x00", max_size=5) | st.sampled_from(
        ["7", "https://x.example/a.png", "dial"]
    )
    names = st.sampled_from([f"{kind}-{name}" for name in TYPED[kind][0]] + [f"{kind}-items-x-"])

    @given(st.dictionaries(names, text))
    def read(form):
        data = reading.data_from(kind, form)
        reading.values_of(kind, data)  # the form shows any typed value again
        bubble_of(Content(type=kind, message_data=data))
        with suppress(InvalidMessage):  # no other exception is raised
            from_content(Content(type=kind, sender="A", text="x", message_data=data), phone(77))

    read()


def test_each_class_tells_the_data_of_a_draft_as_it_does_of_a_message():
    for kind, (_typed, data) in TYPED.items():
        if kind == "viber_otp":
            continue  # its template is looked up when it is checked
        fields = CLASSES[MessageType(kind)].fields_from_data(data)
        assert CLASSES[MessageType(kind)].data_of(**fields) == data


class TestPhone:
    @pytest.mark.parametrize("kind", TYPED)
    def test_every_type_is_shown(self, boss, db, kind):
        shown = boss.post(PHONE, typed(kind, sender="Acme")).content.decode()
        assert "Acme" in shown
        assert TYPES[MessageType(kind)].channel in shown
        assert "SMSBAT advises a time to live" in shown
        parts = {"viber_promo": ["Buy", "a.png"], "viber_survey": ["Yes", "No"], "rcs": ["Call"]}
        for words in parts.get(kind, []):
            assert words in shown

    def test_the_values_are_those_of_somebody_on_the_lists(self, boss, people, everybody):
        people(1, name="Olena")
        shown = boss.post(PHONE, typed("sms", text="Hi {{ name }}", lists=[everybody.pk]))
        assert "Hi Olena" in shown.content.decode()

    def test_who_may_not_see_people_sees_the_placeholders(self, staff, people, everybody):
        people(1, name="Olena")
        client = staff("add_campaign", "view_campaign")
        shown = client.post(PHONE, typed("sms", text="Hi {{ name }}", lists=[everybody.pk]))
        assert "Hi {{ name }}" in shown.content.decode()
        assert "Olena" not in shown.content.decode()

    def test_a_missing_value_and_what_cannot_be_sent_are_said(self, boss, people, everybody):
        people(1)
        lists = [everybody.pk]
        shown = boss.post(PHONE, typed("sms", text="In {{ city }}", lists=lists)).content.decode()
        assert "has no value for city" in shown
        assert "Text: must not be empty" in boss.post(PHONE, typed("sms", text="")).content.decode()

    def test_characters_parts_and_what_makes_it_dearer_are_counted(self, boss, db):
        shown = boss.post(PHONE, typed("sms", text="a" * 80 + "—")).content.decode()
        assert "SMS: 2 parts, UCS-2, 81 characters." in shown
        assert "with it the SMS takes 2 parts, without it 1" in shown
        assert "81 characters." in shown

    @pytest.mark.parametrize("kind", TYPED)
    def test_hostile_words_are_words(self, boss, db, kind):
        evil = {name: HOSTILE for name in typed(kind) if name not in ("type", "name")}
        shown = boss.post(PHONE, {**typed(kind), **evil}).content.decode()
        assert "<script>alert" not in shown
        assert "{{ 7|add:7 }}" in shown or kind in ("viber_otp", "flashcall", "viber_survey")

    @pytest.mark.parametrize("data", [{}, {"type": "pigeon"}, {"type": "sms", "ttl": "x" * 99}])
    def test_what_is_half_typed_breaks_nothing(self, boss, db, data):
        assert boss.post(PHONE, data).status_code == 200

    def test_it_is_for_those_who_compose_and_by_post(self, staff, db):
        assert staff("view_campaign").post(PHONE, typed("sms")).status_code == 403

    def test_it_is_asked_by_post(self, boss, db):
        assert boss.get(PHONE).status_code == 405

    def test_the_saved_campaign_is_shown_without_a_script(self, boss, campaign):
        made = campaign(text="Sale at {{ city }}")
        url = reverse("admin:smsbat_campaign_change", args=[made.pk])
        page = boss.get(url).content.decode()
        assert "Sale at {{ city }}" in page.split('id="smsbat-phone"')[1]


def test_advice_on_time_to_live_is_told_in_plain_units():
    told = {kind: str(advice_on_ttl(kind)) for kind in TYPES}
    assert told[MessageType.VIBER_OTP].endswith("5 minutes to 10 minutes.")
    assert told[MessageType.VIBER_TRANSACTIONAL].endswith("of 1 day.")
    assert told[MessageType.FLASH_CALL].endswith("1 minute to 90 seconds.")


class TestWhatIsStored:
    """The database and the form show the same content, whether code or a user stored it."""

    def change(self, made):
        return reverse("admin:smsbat_campaign_change", args=[made.pk])

    @pytest.mark.parametrize(
        ("before", "after", "field", "empty"),
        [
            ({"type": "viber_promo", "fallback_text": "fall"}, "sms", "fallback_text", ""),
            ({"type": "sms"}, "flashcall", "text", ""),
            ({"type": "rcs", "is_transactional": True}, "viber_trans", "is_transactional", False),
        ],
    )
    def test_another_type_leaves_nothing_of_the_last_one(
        self, boss, campaign, everybody, before, after, field, empty
    ):
        made = campaign(**before)
        same = {"name": "Sale", "text": "Sale!", "lists": [everybody.pk]}
        hidden = {name: value for name, value in before.items() if name != "type"}
        hidden["flashcall-caller_id"] = "+380441112233"  # used only by that type
        boss.post(self.change(made), {**same, **hidden, "type": after})
        stored = Campaign.objects.get()
        assert (stored.type, getattr(stored, field)) == (after, empty)

    def test_a_refusal_is_shown_to_nobody_else(self, boss, everybody):
        wrong = {"viber_survey-options-1": "x" * 500, "lists": [everybody.pk]}
        assert "500 characters" in boss.post(ADD, typed("viber_survey", **wrong)).content.decode()
        assert "500 characters" not in boss.get(ADD).content.decode()

    @pytest.mark.parametrize(
        ("kind", "data"),
        [
            ("sms", {"x": 1}),
            ("rcs", {"buttons": None}),
            ("rcs", {"media": [], "carousel": 7}),
            ("viber_carousel", {"carousel": {"items": None}}),
            ("viber_survey", [1]),
            ("viber_otp", {"templateId": otp_templates.TEMPLATES[0].id, "templateParams": []}),
            ("viber_promo", {"img": IMAGE, "extra": 1}),
        ],
    )
    def test_what_fits_no_input_opens_the_page_and_is_not_lost_by_another_title(
        self, boss, campaign, everybody, kind, data
    ):
        made = campaign(type=kind, message_data=data, text="Hi")
        page = boss.get(self.change(made))
        assert page.status_code == 200
        assert 'id="smsbat-phone"' in page.content.decode()
        boss.post(
            self.change(made),
            {"name": "New title", "type": kind, "text": "Hi", "lists": [everybody.pk]},
        )
        assert Campaign.objects.get().message_data == data

    def test_more_cards_than_the_form_adds_are_kept(self, boss, campaign, everybody):
        items = [
            {**TYPED["viber_carousel"][1]["carousel"]["items"][0], "title": f"T{n}"}
            for n in range(35)
        ]
        made = campaign(
            type="viber_carousel", text="Hi", message_data={"carousel": {"items": items}}
        )
        page = boss.get(self.change(made)).content.decode()
        posted = {
            f"viber_carousel-items-{n}-{name}": value
            for n in range(35)
            for name, value in {
                "title": f"T{n}",
                "image_url": IMAGE,
                "primary_button-label": "Buy",
                "primary_button-url": SHOP,
                "secondary_button-label": "More",
                "secondary_button-url": SHOP,
            }.items()
        }
        assert all(f'name="{name}"' in page for name in posted)
        own = {"name": "Sale", "type": "viber_carousel", "text": "Hi", "lists": [everybody.pk]}
        boss.post(self.change(made), {**own, **posted})
        assert len(Campaign.objects.get().message_data["carousel"]["items"]) == 35

    def test_parameters_that_the_template_does_not_take_are_left_out(self, boss, everybody):
        more = {"viber_otp-template_params-business_platform_name": "Acme"}
        boss.post(ADD, typed("viber_otp", lists=[everybody.pk], **more))
        assert Campaign.objects.get().message_data == TYPED["viber_otp"][1]


@pytest.mark.parametrize("address", ["https://[", "https://[x", "http://\x00", "{{ a }}"])
def test_half_an_address_breaks_no_phone(boss, db, address):
    more = {"viber_promo-image_url": address}
    assert boss.post(PHONE, typed("viber_promo", **more)).status_code == 200


def test_without_any_sender_the_phone_says_so(boss, db, settings):
    settings.SMSBAT = {**settings.SMSBAT, "SENDER": ""}
    assert "SENDER in the SMSBAT setting" in boss.post(PHONE, typed("sms")).content.decode()
