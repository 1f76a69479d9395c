"""Every refusal names its field and states the valid value in one sentence."""

import pytest

from django_smsbat.gateway.message_types import RCS_MEDIA_TYPES
from django_smsbat.gateway.messages import (
    Button,
    CarouselItem,
    Content,
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
    from_content,
    rules,
)
from django_smsbat.gateway.otp_templates import LANGUAGES, TEMPLATES

TO = "+380671112233"
URL = "https://shop.example.com/"
PNG = f"{URL}a.png"
PHONE_RIGHT = "not a valid phone number; write it like +380671112233 / 067 111 22 33"
HTTPS = "must be an address that begins with https://"
EMPTY = "must not be empty"
WHOLE = "give a whole number above 0"
TEXT = "give text"
IMAGE = "must be a file of .jpg or .jpeg or .png"
BUTTON = Button("Buy", URL)
VIDEO = {
    "video_url": f"{URL}a.mp4",
    "thumbnail_url": PNG,
    "file_size": 1_000,
    "duration": 10,
}
EVENT = "2026-01-20T14:30:00+02:00"
TIME = f"give a time such as {EVENT}"
SLUGS = ", ".join(template.slug for template in TEMPLATES)


def promo(**arguments):
    return lambda: ViberPromo(to=TO, **arguments)


def transactional(**arguments):
    return lambda: ViberTransactional(to=TO, **arguments)


def carousel(*items, **arguments):
    return lambda: ViberCarousel(to=TO, **{"text": "Look", "items": items, **arguments})


def item(**arguments):
    return CarouselItem(**{"title": "Tea", "image_url": PNG, "primary_button": BUTTON, **arguments})


def survey(*options, text="Good?"):
    return lambda: ViberSurvey(to=TO, text=text, options=options)


def otp(**arguments):
    whole = {"template_id": "basic", "template_lang": "uk", "template_params": {"pin": "1234"}}
    return lambda: ViberOtp(to=TO, **{**whole, **arguments})


def rcs(**arguments):
    return lambda: Rcs(to=TO, **{"text": "Hi", **arguments})


def media(**arguments):
    return Media(**{"url": PNG, "mime_type": "image/png", **arguments})


def card(**arguments):
    return RcsCard(**{"title": "Tea", "media": media(), **arguments})


def event(**arguments):
    action = CreateCalendarEvent(**{"title": "Tea", "start_time": EVENT, **arguments})
    return rcs(buttons=[RcsButton("Add", action)])


def stored(kind, data=None, **content):
    whole = {"text": "Hi", "sender": "Shop", **content}
    return lambda: from_content(Content(type=kind, message_data=data or {}, **whole), TO)


REFUSALS = [
    # Fields that all types share.
    (lambda: Sms(to="12", text="Hi"), "to", PHONE_RIGHT),
    (
        lambda: Sms(to=380671112233, text="Hi"),
        "to",
        "give a phone number as text, such as +380671112233",
    ),
    (lambda: Sms(to=TO, text=""), "text", EMPTY),
    (lambda: Sms(to=TO, text=7), "text", TEXT),
    (
        lambda: Sms(to=TO, text="\x00"),
        "text",
        "holds a character that cannot be sent (NUL or half a pair)",
    ),
    (
        lambda: Sms(to=TO, text="Hi", sender="Much too long for SMS"),
        "sender",
        "up to 11 Latin letters and digits, or a phone number",
    ),
    (lambda: Sms(to=TO, text="Hi", ttl=0), "ttl", "give whole seconds, more than 0"),
    (lambda: Sms(to=TO, text="Hi", ttl=True), "ttl", "give whole seconds, more than 0"),
    (
        lambda: Sms(to=TO, text="Hi", ttl=2_147_483_648),
        "ttl",
        "2,147,483,648 seconds; at most 2,147,483,647 are allowed",
    ),
    (
        lambda: FlashCall(to=TO, caller_id=TO, ttl=121),
        "ttl",
        "121 seconds; at most 120 are allowed",
    ),
    (lambda: FlashCall(to=TO), "caller_id", EMPTY),
    (lambda: FlashCall(to=TO, caller_id="12"), "caller_id", PHONE_RIGHT),
    (
        promo(text="a" * 1_001),
        "text",
        "1,001 characters; at most 1,000 are allowed",
    ),
    # Promotional.
    (promo(), "text", EMPTY),
    (promo(button_text="Buy", button_url=URL), "text", "a button needs a text beside it"),
    (
        promo(text="Sale", image_url=PNG),
        "button_text",
        "an image with text needs a button too; or send the image alone",
    ),
    (promo(image_url=PNG, **VIDEO), "video_url", "give an image or a video, not both"),
    (promo(image_url="http://shop.example.com/a.png"), "image_url", HTTPS),
    (promo(image_url=f"{URL}a.gif"), "image_url", IMAGE),
    (promo(image_url=f"{URL}a.png/b.gif"), "image_url", IMAGE),
    (promo(**{**VIDEO, "video_url": f"{URL}a.mov"}), "video_url", "must be a file of .mp4"),
    (promo(**{**VIDEO, "video_url": "ftp://a/b.mp4"}), "video_url", HTTPS),
    (promo(**{**VIDEO, "thumbnail_url": f"{URL}a.gif"}), "thumbnail_url", IMAGE),
    (promo(**{**VIDEO, "thumbnail_url": "nowhere"}), "thumbnail_url", HTTPS),
    (promo(**{**VIDEO, "thumbnail_url": ""}), "thumbnail_url", "a video needs it"),
    (promo(**{**VIDEO, "file_size": None}), "file_size", "a video needs it"),
    (promo(**{**VIDEO, "duration": None}), "duration", "a video needs it"),
    (promo(**{**VIDEO, "file_size": 0}), "file_size", WHOLE),
    (promo(**{**VIDEO, "duration": 0}), "duration", WHOLE),
    (promo(**{**VIDEO, "duration": "ten"}), "duration", WHOLE),
    (
        promo(**{**VIDEO, "file_size": 10_485_761}),
        "file_size",
        "10,485,761; at most 10,485,760 is allowed",
    ),
    (promo(text="Sale", duration=3), "duration", "belongs to a video, and there is none"),
    (promo(text="Sale", button_url=URL), "button_text", "a button needs a text"),
    (promo(text="Sale", button_text="Buy"), "button_url", "a button needs an address"),
    (promo(text="Sale", button_text="Buy", button_url="shop"), "button_url", HTTPS),
    (
        promo(text="Sale", button_text="B" * 31, button_url=URL),
        "button_text",
        "31 characters; at most 30 are allowed",
    ),
    (
        promo(image_url=URL + "a" * 2_048),
        "image_url",
        "longer than 2,048 characters",
    ),
    (promo(image_url="https://[half"), "image_url", "not an address"),
    # Transactional.
    (transactional(), "text", EMPTY),
    (transactional(text="Hi", file_name="a.pdf"), "file_url", "a file needs an address"),
    (transactional(file_url="a.pdf", file_name="a.pdf"), "file_url", HTTPS),
    (transactional(file_url=f"{URL}a.pdf"), "file_name", EMPTY),
    (
        transactional(file_url=f"{URL}a.pdf", file_name="a.doc"),
        "file_name",
        "a file needs a name that ends with .pdf",
    ),
    # Carousels.
    (carousel(), "items", "has 0; at least 1 is needed"),
    (carousel(item(), text=""), "text", EMPTY),
    (carousel(items="Tea"), "items", "give a list"),
    (carousel("Tea"), "items[0]", "must be CarouselItem"),
    (carousel(item(), item(title="")), "items[1].title", EMPTY),
    (carousel(item(image_url="tea")), "items[0].image_url", HTTPS),
    (carousel(item(image_url=f"{URL}a.gif")), "items[0].image_url", IMAGE),
    (carousel(item(primary_button="Buy")), "items[0].primary_button", "must be a Button"),
    (carousel(item(primary_button=Button("", URL))), "items[0].primary_button.label", EMPTY),
    (carousel(item(primary_button=Button("Buy", "b"))), "items[0].primary_button.url", HTTPS),
    (
        carousel(item(secondary_button=Button("", URL))),
        "items[0].secondary_button.label",
        EMPTY,
    ),
    # Surveys.
    (survey("Yes"), "options", "has 1; 2 to 5 are allowed"),
    (survey(*"abcdef"), "options", "has 6; 2 to 5 are allowed"),
    (survey("Yes", ""), "options[1]", EMPTY),
    (survey("Yes", 7), "options[1]", "must be text"),
    (survey("Yes", "N" * 31), "options[1]", "31 characters; at most 30 are allowed"),
    (survey("Yes", "No", text="a" * 86), "text", "86 characters; at most 85 are allowed"),
    # Codes.
    (otp(template_id="mine"), "template_id", f"no such template; there are {SLUGS}"),
    (
        otp(template_lang="xxx"),
        "template_lang",
        f"must be a language of two letters, such as {', '.join(LANGUAGES)}",
    ),
    (otp(template_params={}), "template_params.pin", "the template needs it"),
    (otp(template_params={"pin": ""}), "template_params.pin", EMPTY),
    (
        otp(template_params={"pin": "1", "colour": "red"}),
        "template_params",
        "does not know 'colour'; it takes pin",
    ),
    (
        otp(template_id="validity_time", template_params={"pin": "1", "code_validity_time": "0"}),
        "template_params.code_validity_time",
        WHOLE,
    ),
    # RCS.
    (rcs(text=""), "text", "give text, media or cards"),
    (rcs(text="a" * 3_073), "text", "3,073 characters; at most 3,072 are allowed"),
    (
        rcs(cards=[card()], media=media()),
        "cards",
        "stand instead of media and buttons, not beside them",
    ),
    (rcs(cards="Tea"), "cards", "give a list"),
    (rcs(media=media(url="a.png")), "media.url", HTTPS),
    (rcs(media="a.png"), "media", "must be a Media"),
    (rcs(cards=[card(media="a.png")]), "cards[0].media", "must be a Media"),
    (promo(image_url="https://shop.example.com/a b.png"), "image_url", HTTPS),
    (promo(image_url="https://shop.example.com/a\x1f.png"), "image_url", HTTPS),
    (
        rcs(media=media(mime_type="image/bmp")),
        "media.mime_type",
        f"must be one of {', '.join(RCS_MEDIA_TYPES)}",
    ),
    (rcs(media=media(height=0)), "media.height", WHOLE),
    (rcs(media=media(width=0)), "media.width", WHOLE),
    (rcs(media=media(thumbnail_url=7)), "media.thumbnail_url", TEXT),
    (rcs(media=media(thumbnail_url="a.png")), "media.thumbnail_url", HTTPS),
    (rcs(buttons=[RcsButton("", OpenUrl(URL))]), "buttons[0].text", EMPTY),
    (rcs(buttons=[RcsButton("Go", OpenUrl("go"))]), "buttons[0].action.url", HTTPS),
    (rcs(buttons=[RcsButton("Go", Dial("12"))]), "buttons[0].action.phone_number", PHONE_RIGHT),
    (rcs(buttons=[RcsButton("Go", "there")]), "buttons[0].action", "must be an action"),
    (
        rcs(buttons=[RcsButton("Go", OpenUrl(URL))] * 5),
        "buttons",
        "has 5; 0 to 4 are allowed",
    ),
    (event(title=""), "buttons[0].action.title", EMPTY),
    (event(start_time="soon"), "buttons[0].action.start_time", TIME),
    (event(start_time="2026-01-20T14:30:00"), "buttons[0].action.start_time", "needs a time zone"),
    (event(end_time="late"), "buttons[0].action.end_time", TIME),
    (event(end_time=EVENT), "buttons[0].action.end_time", "must be after the start"),
    (rcs(cards=[card(title="")]), "cards[0].title", EMPTY),
    (rcs(cards=[card(description=7)]), "cards[0].description", TEXT),
    (rcs(cards=[card(), card(media=media(url="a"))]), "cards[1].media.url", HTTPS),
    (
        rcs(cards=[card(buttons=[RcsButton("", OpenUrl(URL))])]),
        "cards[0].buttons[0].text",
        EMPTY,
    ),
    # From stored data.
    (stored("pigeon"), "type", f"must be one of {', '.join(rules.message_types.MessageType)}"),
    (stored("flashcall"), "text", "this type carries no free text"),
    (stored("sms", fallback_text="Hi"), "fallback_text", "an SMS has no fallback"),
    (stored("sms", {"a": 1}), "message_data", "does not know 'a'; it takes nothing"),
    (
        stored("viber_promo", {"image": PNG}),
        "message_data",
        "does not know 'image'; it takes img, video, thumbnail, fileSize, duration, buttonText, "
        "buttonAction",
    ),
    (
        stored("flashcall", {"a": 1}, text=""),
        "message_data",
        "does not know 'a'; it takes callerId",
    ),
    (stored("viber_trans", {"fileType": "doc"}), "message_data", "fileType must be pdf"),
    (
        stored("viber_trans", {"a": 1}),
        "message_data",
        "does not know 'a'; it takes fileUrl, fileName, fileType",
    ),
    (stored("viber_trans", {"fileName": 7, "fileUrl": URL}), "file_name", TEXT),
    (stored("viber_carousel", []), "items", "has 0; at least 1 is needed"),
    (
        stored("viber_carousel", {"a": 1}),
        "message_data",
        "does not know 'a'; it takes carousel",
    ),
    (
        stored("viber_carousel", {"carousel": 7}),
        "carousel",
        "must be an object with named values",
    ),
    (stored("viber_carousel", {"carousel": {}}), "items", "has 0; at least 1 is needed"),
    (stored("viber_carousel", {"carousel": {"items": 7}}), "items", "must be a list"),
    (
        stored("viber_carousel", {"carousel": {"items": [7]}}),
        "items[0]",
        "must be an object with named values",
    ),
    (
        stored("viber_carousel", {"carousel": {"items": [{"primaryButton": 7}]}}),
        "items[0].primary_button",
        "must be an object with named values",
    ),
    (
        stored(
            "viber_carousel",
            {"carousel": {"items": [{"primaryButton": {}, "secondaryButton": 7}]}},
        ),
        "items[0].secondary_button",
        "must be an object with named values",
    ),
    (
        stored("viber_carousel", {"carousel": {"items": [{"primaryButton": {}}]}}),
        "items[0].title",
        EMPTY,
    ),
    (
        stored("viber_carousel", {"carousel": {"items": [{"title": "T", "primaryButton": {}}]}}),
        "items[0].image_url",
        EMPTY,
    ),
    (
        stored(
            "viber_carousel",
            {"carousel": {"items": [{"title": "T", "imageUrl": PNG, "primaryButton": {}}]}},
        ),
        "items[0].primary_button.label",
        EMPTY,
    ),
    (stored("viber_survey", {"survey": {"options": 7}}), "options", "must be a list"),
    (
        stored("viber_otp", {"pin": 1}, text=""),
        "message_data",
        "does not know 'pin'; it takes templateId, templateLang, templateParams",
    ),
    (stored("viber_otp", text=""), "template_id", f"no such template; there are {SLUGS}"),
    (
        stored("rcs", {"a": 1}),
        "message_data",
        "does not know 'a'; it takes media, buttons, carousel",
    ),
    (
        stored("rcs", {"media": {"a": 1}}),
        "media",
        "does not know 'a'; it takes url, type, height, width, thumbnail",
    ),
    (stored("rcs", {"media": {}}), "media.url", EMPTY),
    (stored("rcs", {"carousel": {"a": 1}}), "carousel", "does not know 'a'; it takes cards"),
    (stored("rcs", {"carousel": {"cards": 7}}), "cards", "must be a list"),
    (
        stored("rcs", {"carousel": {"cards": [{"a": 1}]}}),
        "cards[0]",
        "does not know 'a'; it takes title, description, media, buttons",
    ),
    (
        stored("rcs", {"buttons": [{"a": 1}]}),
        "buttons[0]",
        "does not know 'a'; it takes text, action",
    ),
    (
        stored("rcs", {"buttons": [{"action": 7}]}),
        "buttons[0].action",
        "type must be one of openUrl, dial, shareLocation, createCalendarEvent",
    ),
    (
        stored("rcs", {"buttons": [{"action": {"type": "fly"}}]}),
        "buttons[0].action",
        "type must be one of openUrl, dial, shareLocation, createCalendarEvent",
    ),
    (
        stored("rcs", {"buttons": [{"action": {"type": "dial", "a": 1}}]}),
        "buttons[0].action",
        "does not know 'a'; it takes phoneNumber",
    ),
    (
        stored("rcs", {"buttons": [{"action": {"type": "shareLocation"}}]}),
        "buttons[0].text",
        EMPTY,
    ),
    (
        stored("rcs", {"carousel": {"cards": [{"media": {"a": 1}}]}}),
        "cards[0].media",
        "does not know 'a'; it takes url, type, height, width, thumbnail",
    ),
]


@pytest.mark.parametrize(("make", "field", "reason"), REFUSALS)
def test_it_names_the_field_and_what_would_be_right(make, field, reason):
    with pytest.raises(InvalidMessage) as refused:
        make()
    assert (refused.value.field, refused.value.reason) == (field, reason)
    assert str(refused.value) == f"{field}: {reason}"


@pytest.mark.parametrize(
    "make",
    [
        lambda: Sms(to=TO, text="Hi", ttl=2_147_483_647),
        lambda: FlashCall(to=TO, caller_id=TO, ttl=120),
        lambda: Sms(to=TO, text="Hi", ttl=1),
        lambda: Sms(to=TO, text="Hi", sender="ElevenChars"),
        lambda: Sms(to=TO, text="Hi", sender="+380671112233"),
        promo(text="a" * 1_000, button_text="B" * 30, button_url=URL),
        promo(**{**VIDEO, "file_size": 10_485_760, "duration": 1}),
        promo(**{**VIDEO, "file_size": 1}),
        promo(image_url=(URL + "a" * 2_048)[:2_048]),
        promo(image_url=f"{URL}a.gif/b.png"),
        promo(image_url=f"{URL}picture"),
        survey("Yes", "N" * 30),
        survey(*"abcde", text="a" * 85),
        rcs(text="a" * 3_072, buttons=[RcsButton("Go", OpenUrl(URL))] * 4),
        rcs(media=media(height=1, width=1)),
        carousel(item()),
    ],
)
def test_what_is_just_allowed_is_allowed(make):
    assert make()


def test_no_key_that_smsbat_does_not_know_is_sent():
    assert ViberTransactional(to=TO, text="Hi").data() == {}
    whole = ViberTransactional(to=TO, file_url=f"{URL}a.pdf", file_name="a.pdf")
    assert whole.data() == {"fileUrl": f"{URL}a.pdf", "fileName": "a.pdf", "fileType": "pdf"}
