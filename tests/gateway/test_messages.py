"""Message classes refuse content that SMSBAT would refuse, and name the field."""

from datetime import UTC, datetime

import phonenumbers
import pytest
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy, override

from django_smsbat import messages as public
from django_smsbat.gateway import otp_templates
from django_smsbat.gateway.message_types import (
    RCS_MEDIA,
    TYPES,
    MediaKind,
    MessageType,
    is_promotional,
    media_kind,
)
from django_smsbat.gateway.messages import CLASSES, Content, from_content
from django_smsbat.messages import (
    Button,
    CarouselItem,
    CreateCalendarEvent,
    Dial,
    FlashCall,
    InvalidMessage,
    Media,
    OpenUrl,
    Rcs,
    RcsButton,
    RcsCard,
    Sms,
    ViberCarousel,
    ViberOtp,
    ViberPromo,
    ViberSurvey,
    ViberTransactional,
)

TO = "+380671112233"
URL = "https://shop.example.com/"
IMAGE = "https://cdn.example.com/a.jpg"
AUDIO = "https://cdn.example.com/a.mp3"
CALLER = "+380441234567"
VIDEO = {
    "video_url": "https://cdn.example.com/a.mp4",
    "thumbnail_url": IMAGE,
    "file_size": 1_000,
    "duration": 10,
}
BUTTON = {"button_text": "Buy", "button_url": URL}
OTP = {"template_id": "basic", "template_lang": "uk", "template_params": {"pin": "123456"}}
ITEM = CarouselItem("Boots", IMAGE, Button("Buy", URL))
LINK = RcsButton("Buy", OpenUrl(URL))


def refused_field(kind, **arguments):
    with pytest.raises(InvalidMessage) as refused:
        kind(**{"to": TO, **arguments})
    return refused.value.field


VALID = [
    (Sms, {"text": "Hi"}),
    (Sms, {"text": "Hi", "sender": "Shop24", "ttl": 3_600}),
    (Sms, {"text": "Hi", "sender": "+380441234567"}),
    (ViberPromo, {"image_url": IMAGE}),
    (ViberPromo, {"text": "x" * 1_000}),
    (ViberPromo, {"text": "Sale", **BUTTON}),
    (ViberPromo, {"text": "Sale", "image_url": IMAGE, **BUTTON}),
    (ViberPromo, VIDEO),
    (ViberPromo, {**VIDEO, "text": "Sale"}),
    (ViberPromo, {**VIDEO, "text": "Sale", **BUTTON}),
    (ViberPromo, {"text": "Sale", "sender": "Квіти та подарунки", "fallback_text": ""}),
    (ViberTransactional, {"text": "Ready"}),
    (ViberTransactional, {"file_url": "https://x.example/1.pdf", "file_name": "1.pdf"}),
    (ViberCarousel, {"text": "New", "items": [ITEM]}),
    (ViberSurvey, {"text": "How?", "options": ["a", "b"]}),
    (ViberSurvey, {"text": "x" * 85, "options": ["x" * 30] * 5}),
    (ViberOtp, OTP),
    (Rcs, {"text": "x" * 3_072}),
    (Rcs, {"media": Media(url=IMAGE, mime_type="image/jpeg"), "buttons": [LINK] * 4}),
    (Rcs, {"cards": [RcsCard(title="Boots", buttons=[LINK])]}),
    (Rcs, {"media": Media(url=AUDIO, mime_type="audio/mpeg")}),
    (Rcs, {"cards": [RcsCard(title="News", media=Media(url=AUDIO, mime_type="audio/aac"))]}),
    (FlashCall, {"caller_id": CALLER}),
    (FlashCall, {"caller_id": CALLER, "sender": "Квіти"}),
    (FlashCall, {"caller_id": "380441234567", "ttl": 120}),
]


@pytest.mark.parametrize(("kind", "arguments"), VALID)
def test_what_the_documents_allow_is_taken(kind, arguments):
    assert kind(to=TO, **arguments).to == TO


@pytest.mark.parametrize(
    "written", ["380671112233", "+38 (067) 111-22-33", "0671112233", "тел. 0671112233"]
)
def test_a_phone_is_taken_as_people_write_it(written):
    assert Sms(to=written, text="Hi").to == "+380671112233"


class FieldPhoneNumber(phonenumbers.PhoneNumber):
    """A phone as model fields return it: a subclass that remembers the typed form."""


@pytest.mark.parametrize("kind", [phonenumbers.PhoneNumber, FieldPhoneNumber])
def test_a_phone_number_object_is_taken(kind):
    number = kind(country_code=380, national_number=671112233)
    assert Sms(to=number, text="Hi").phone == TO


def test_a_phone_number_object_without_a_number_is_refused():
    assert refused_field(Sms, to=FieldPhoneNumber(), text="Hi") == "to"


def test_lazy_translations_are_taken_as_text():
    with override("uk"):
        message = ViberPromo(
            to=TO,
            text=gettext_lazy("Yes"),
            image_url=IMAGE,
            button_text=gettext_lazy("No"),
            button_url=URL,
            fallback_text=format_lazy("{}!", gettext_lazy("Yes")),
        )
    assert (message.text, message.fallback_text) == ("Так", "Так!")
    assert type(message.text) is str
    assert message.data()["buttonText"] == "Ні"


def test_lazy_translations_inside_lists_are_taken_as_text():
    with override("uk"):
        survey = ViberSurvey(to=TO, text="?", options=[gettext_lazy("Yes"), gettext_lazy("No")])
    assert survey.data()["survey"]["options"] == ["Так", "Ні"]


@pytest.mark.parametrize("text", [7, None, b"Hi", ["Hi"], object()])
def test_what_is_no_text_is_not_taken_as_text(text):
    assert refused_field(Sms, text=text) == "text"


@pytest.mark.parametrize(("kind", "arguments"), VALID)
def test_the_stored_form_makes_the_same_message_again(kind, arguments):
    message = kind(to=TO, **arguments)
    assert from_content(message.content(), TO).content() == message.content()


REFUSED = [
    (Sms, {"text": "Hi", "to": "067 111 XX XX"}, "to"),
    (Sms, {"text": "Hi", "to": "0441234567"}, "to"),
    (Sms, {"text": "Hi", "to": None}, "to"),
    (Sms, {"text": "Hi", "to": 380671112233}, "to"),
    (Sms, {"text": ""}, "text"),
    (Sms, {"text": "  "}, "text"),
    (Sms, {"text": "a\x00b"}, "text"),
    (Sms, {"text": "\ud83d"}, "text"),
    (Sms, {"text": "Hi", "sender": "x" * 12}, "sender"),
    (Sms, {"text": "Hi", "sender": "Магазин"}, "sender"),
    (ViberPromo, {"text": "Hi", "sender": "x" * 65}, "sender"),
    (ViberPromo, {"text": "Hi", "sender": "a\x00b"}, "sender"),
    (Sms, {"text": "Hi", "ttl": 0}, "ttl"),
    (Sms, {"text": "Hi", "ttl": True}, "ttl"),
    (Sms, {"text": "Hi", "ttl": 1.5}, "ttl"),
    (ViberPromo, {}, "text"),
    (ViberPromo, {"text": "x" * 1_001}, "text"),
    (ViberPromo, {"text": "Sale", "image_url": IMAGE}, "button_text"),
    (ViberPromo, {"image_url": IMAGE, **BUTTON}, "text"),
    (ViberPromo, {"text": "Sale", "button_text": "Buy"}, "button_url"),
    (ViberPromo, {"text": "Sale", "button_url": URL}, "button_text"),
    (ViberPromo, {"text": "Sale", "button_text": "x" * 31, "button_url": URL}, "button_text"),
    (ViberPromo, {"image_url": "http://cdn.example.com/a.jpg"}, "image_url"),
    (ViberPromo, {"image_url": "https://cdn.example.com/a.gif"}, "image_url"),
    (ViberPromo, {"image_url": IMAGE, **VIDEO}, "video_url"),
    (ViberPromo, {**VIDEO, "file_size": 10_485_761}, "file_size"),
    (ViberPromo, {**VIDEO, "thumbnail_url": ""}, "thumbnail_url"),
    (ViberPromo, {**VIDEO, "duration": None}, "duration"),
    (ViberPromo, {"text": "Sale", "duration": 10}, "duration"),
    (ViberPromo, {"text": "Sale", "fallback_text": "x", "sender": "Магазин"}, "sender"),
    (ViberTransactional, {}, "text"),
    (ViberTransactional, {"text": "x", "fallback_text": 7}, "fallback_text"),
    (ViberTransactional, {"text": "x", "fallback_text": "a\x00b"}, "fallback_text"),
    (ViberTransactional, {"text": "x", "file_name": "1.pdf"}, "file_url"),
    (
        ViberTransactional,
        {"file_url": "https://x.example/1.doc", "file_name": "1.doc"},
        "file_name",
    ),
    (ViberCarousel, {"text": "", "items": [ITEM]}, "text"),
    (ViberCarousel, {"text": "New", "items": []}, "items"),
    (
        ViberCarousel,
        {"text": "N", "items": [ITEM, CarouselItem("", IMAGE, ITEM.primary_button)]},
        "items[1].title",
    ),
    (
        ViberCarousel,
        {"text": "N", "items": [CarouselItem("B", IMAGE, Button("Buy", "x"))]},
        "items[0].primary_button.url",
    ),
    (ViberSurvey, {"text": "x" * 86, "options": ["a", "b"]}, "text"),
    (ViberSurvey, {"text": "How?", "options": ["a"]}, "options"),
    (ViberSurvey, {"text": "How?", "options": ["a"] * 6}, "options"),
    (ViberSurvey, {"text": "How?", "options": ["a", "x" * 31]}, "options[1]"),
    (ViberOtp, {**OTP, "template_id": "nope"}, "template_id"),
    (ViberOtp, {**OTP, "template_lang": "ukr"}, "template_lang"),
    (ViberOtp, {**OTP, "template_lang": "uk-UA"}, "template_lang"),
    (ViberOtp, {**OTP, "template_lang": "UK"}, "template_lang"),
    (ViberOtp, {**OTP, "template_lang": ""}, "template_lang"),
    (ViberOtp, {**OTP, "template_params": {"pin": True}}, "template_params.pin"),
    (ViberOtp, {**OTP, "template_params": {"pin": 1.5}}, "template_params.pin"),
    (ViberOtp, {**OTP, "template_params": {}}, "template_params.pin"),
    (ViberOtp, {**OTP, "template_params": {"pin": "1", "x": "2"}}, "template_params"),
    (
        ViberOtp,
        {
            **OTP,
            "template_id": "validity_time",
            "template_params": {"pin": "1", "code_validity_time": "five"},
        },
        "template_params.code_validity_time",
    ),
    (Rcs, {}, "text"),
    (Rcs, {"text": "x" * 3_073}, "text"),
    (Rcs, {"text": "x", "buttons": [LINK] * 5}, "buttons"),
    (Rcs, {"media": Media(url=IMAGE, mime_type="image/webp")}, "media.mime_type"),
    (Rcs, {"text": "x", "cards": [RcsCard(title="A")], "buttons": [LINK]}, "cards"),
    (
        Rcs,
        {"text": "x", "buttons": [RcsButton("Call", Dial("12"))]},
        "buttons[0].action.phone_number",
    ),
    (
        Rcs,
        {
            "text": "x",
            "buttons": [
                RcsButton(
                    "Plan", CreateCalendarEvent(title="Fair", start_time="2026-05-01T10:00:00")
                )
            ],
        },
        "buttons[0].action.start_time",
    ),
    (Rcs, {"media": Media(url=AUDIO, mime_type="audio/mp3")}, "media.mime_type"),
    (Rcs, {"media": Media(url=AUDIO, mime_type="audio/mp4")}, "media.mime_type"),
    (FlashCall, {"caller_id": CALLER, "ttl": 121}, "ttl"),
    (FlashCall, {}, "caller_id"),
    (FlashCall, {"caller_id": ""}, "caller_id"),
    (FlashCall, {"caller_id": "  "}, "caller_id"),
    (FlashCall, {"caller_id": None}, "caller_id"),
    (FlashCall, {"caller_id": 380441234567}, "caller_id"),
    (FlashCall, {"caller_id": "12"}, "caller_id"),
    (FlashCall, {"caller_id": "Kvitka"}, "caller_id"),
]


@pytest.mark.parametrize(("kind", "arguments", "field"), REFUSED)
def test_what_they_do_not_is_refused_with_the_name_of_the_field(kind, arguments, field):
    assert refused_field(kind, **arguments) == field


def test_the_refusal_says_what_would_be_right():
    with pytest.raises(InvalidMessage, match="at most 1,000 are allowed"):
        ViberPromo(to=TO, text="x" * 1_001)


@pytest.mark.parametrize("template", otp_templates.TEMPLATES, ids=lambda template: template.slug)
@pytest.mark.parametrize("language", otp_templates.LANGUAGES)
def test_every_otp_template_works_in_every_language_by_id_and_by_slug(template, language):
    samples = {name: 5 if kind is int else "x" for name, kind in otp_templates.PARAMETERS.items()}
    params = {name: samples[name] for name in template.params}
    made = [
        ViberOtp(to=TO, template_id=name, template_lang=language, template_params=params).data()
        for name in (template.id, template.slug)
    ]
    assert made[0] == made[1]
    assert made[0]["templateId"] == template.id


def test_there_are_nine_templates_and_nineteen_languages():
    assert (len(otp_templates.TEMPLATES), len(otp_templates.LANGUAGES)) == (9, 19)


def test_every_type_has_its_class():
    assert CLASSES.keys() == TYPES.keys() == set(MessageType)


@pytest.mark.parametrize("name", ["SomethingElse", ""])
def test_an_unknown_type_is_refused(name):
    with pytest.raises(InvalidMessage) as refused:
        from_content(Content(type=name), TO)
    assert refused.value.field == "type"


def test_a_name_on_the_wire_that_nobody_reads_is_refused():
    with pytest.raises(InvalidMessage, match="image"):
        from_content(Content(type="viber_promo", text="x", message_data={"image": IMAGE}), TO)


@pytest.mark.parametrize("kind", ["viber_otp", "flashcall"])
def test_text_is_refused_where_the_type_has_no_place_for_it(kind):
    with pytest.raises(InvalidMessage) as refused:
        from_content(Content(type=kind, text="Hi", message_data={}), TO)
    assert refused.value.field in ("text", "template_id")


def test_a_carousel_button_is_read_in_the_help_pages_spelling_too():
    item = {"title": "B", "imageUrl": IMAGE, "primaryButton": {"text": "Buy", "url": URL}}
    content = Content(type="viber_carousel", text="N", message_data={"carousel": {"items": [item]}})
    assert from_content(content, TO).data()["carousel"]["items"][0]["primaryButton"] == {
        "label": "Buy",
        "actionUrl": URL,
    }


def test_a_calendar_event_takes_a_datetime_that_knows_its_zone():
    event = CreateCalendarEvent(title="Fair", start_time=datetime(2026, 5, 1, tzinfo=UTC))
    message = Rcs(to=TO, text="x", buttons=[RcsButton("Plan", event)])
    assert message.data()["buttons"][0]["action"]["startTime"] == "2026-05-01T00:00:00+00:00"


@pytest.mark.parametrize(("kind", "arguments"), VALID)
def test_no_repr_shows_the_phone_the_text_or_a_code(kind, arguments):
    shown = repr(kind(to=TO, **arguments)) + repr(kind(to=TO, **arguments).content())
    assert TO not in shown
    assert "123456" not in shown


def test_messages_cannot_be_changed():
    with pytest.raises(AttributeError):
        Sms(to=TO, text="Hi").text = "Bye"


def test_the_public_module_has_all_classes():
    assert {kind.__name__ for kind in CLASSES.values()} <= set(public.__all__)


@pytest.mark.parametrize(
    ("kind", "transactional_campaign", "promotional"),
    [
        ("viber_promo", None, True),
        ("viber_promo", True, True),
        ("viber_carousel", None, True),
        ("viber_survey", None, True),
        ("viber_trans", False, False),
        ("viber_otp", False, False),
        ("flashcall", False, False),
        ("sms", None, False),
        ("sms", False, True),
        ("sms", True, False),
        ("rcs", None, False),
        ("rcs", False, True),
    ],
)
def test_what_needs_consent(kind, transactional_campaign, promotional):
    assert is_promotional(kind, transactional_campaign=transactional_campaign) is promotional


def test_the_caller_of_a_flash_call_is_kept_in_e164():
    call = FlashCall(to="+380671112233", caller_id="380 44 123 45 67")
    assert call.data() == {"callerId": "+380441234567"}


@pytest.mark.parametrize("data", [{}, {"callerId": ""}, {"callerId": None}])
def test_a_stored_flash_call_without_a_caller_is_refused_at_the_caller(data):
    with pytest.raises(InvalidMessage) as refused:
        from_content(Content(type="flashcall", message_data=data), TO)
    assert (refused.value.field, refused.value.reason) == ("caller_id", "must not be empty")


@pytest.mark.parametrize(
    ("mime_type", "kind"),
    [
        ("image/png", MediaKind.IMAGE),
        ("video/3gpp", MediaKind.VIDEO),
        ("audio/mpeg", MediaKind.AUDIO),
        ("audio/aac", MediaKind.AUDIO),
        ("audio/ogg", None),
        ("", None),
    ],
)
def test_a_mime_type_names_its_kind_of_media(mime_type, kind):
    assert media_kind(mime_type) is kind


def test_audio_may_have_five_megabytes_and_five_minutes():
    facts = RCS_MEDIA[MediaKind.AUDIO]
    assert (facts.bytes_max, facts.seconds_max) == (5 * 1_048_576, 300)
