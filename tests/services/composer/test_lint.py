"""Warnings about likely oversights in a text."""

import pytest

from django_smsbat.gateway.messages import Content
from django_smsbat.services.composer.lint import LintCode, lint

NUMBER = "380671112233"  # a sender that receives replies


def found(text, *, promotional=False, kind="sms", **more):
    content = Content(type=kind, text=text, **more)
    return {one.concern: one for one in lint(content, promotional=promotional)}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Привіт, Oлено", ("Oлено",)),  # a Latin O
        ("Sаle", ("Sаle",)),  # a Cyrillic a
        ("Купуй в Shop-центрі", None),
        ("Wi-Fi у кав'ярні", None),
        ("Звичайний текст and plain words", None),
        ("У Shop'ом і Shop-ом", None),
    ],
)
def test_letters_of_two_alphabets_in_one_word(text, words):
    told = found(text).get(LintCode.MIXED_ALPHABETS)
    assert (told.what if told else None) == words


def test_one_character_that_makes_an_sms_dearer():
    told = found("a" * 100 + "—")[LintCode.COSTS_MORE_PARTS]
    assert (told.what, told.parts) == (("—",), (2, 1))


@pytest.mark.parametrize("text", ["Коротко", "a" * 100, "Довгий текст українською " * 10])
def test_what_costs_no_more_by_it_is_not_told(text):
    assert LintCode.COSTS_MORE_PARTS not in found(text)


def test_what_counts_twice_in_gsm_does_so_in_the_comparison_too():
    told = found("a" * 140 + "€" * 15 + "—")[LintCode.COSTS_MORE_PARTS]
    assert told.parts == (3, 2)


def test_one_character_stands_for_each_that_is_dearer():
    assert found("a" * 158 + "—")[LintCode.COSTS_MORE_PARTS].parts == (3, 1)


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("text", {"kind": "sms"}),
        ("fallback_text", {"kind": "viber_promo", "fallback_text": "Sаle {name}"}),
    ],
)
def test_each_finding_names_its_field_and_what_it_is(field, more):
    text = "Sаle {name}" if field == "text" else "Hi"
    told = found(text, promotional=True, sender=NUMBER, **more)
    assert {(one.concern, one.field, one.what) for one in told.values()} == {
        (LintCode.MIXED_ALPHABETS, field, ("Sаle",)),
        (LintCode.RAW_PLACEHOLDER, field, ("{name}",)),
        (LintCode.NO_OPT_OUT, field, ("STOP",)),
    }


def test_it_is_the_fallback_that_an_operator_bills():
    told = found("Viber—", kind="viber_promo", fallback_text="a" * 100 + "—")
    assert told[LintCode.COSTS_MORE_PARTS].field == "fallback_text"


@pytest.mark.parametrize(
    ("text", "promotional", "missing"),
    [
        ("Sale!", True, True),
        ("Sale! Reply STOP", True, False),
        ("Знижки! Відмова: стоп", True, False),
        ("Nonstop sale", True, True),
        ("Your code", False, False),
        ("Sale until the end of May! Cancel or quit at any time", True, True),
    ],
)
def test_a_promotional_sms_says_how_to_opt_out(text, promotional, missing):
    told = found(text, promotional=promotional, sender=NUMBER)
    assert (LintCode.NO_OPT_OUT in told) is missing


@pytest.mark.parametrize("keyword", ["STOP1", "не хочу"])
def test_any_keyword_of_the_site_is_a_way_out(settings, keyword):
    settings.SMSBAT = {**settings.SMSBAT, "OPT_OUT_KEYWORDS": [keyword]}
    text = f"Sale! {keyword.upper()}."
    assert LintCode.NO_OPT_OUT not in found(text, promotional=True, sender=NUMBER)
    assert LintCode.NO_OPT_OUT in found("Sale!", promotional=True, sender=NUMBER)


def test_a_keyword_that_is_an_ordinary_word_is_a_way_out_if_a_site_has_no_other(settings):
    settings.SMSBAT = {**settings.SMSBAT, "OPT_OUT_KEYWORDS": ["END"]}
    assert LintCode.NO_OPT_OUT not in found("Sale! Reply END", promotional=True)


def test_without_keywords_there_is_no_way_out_to_tell_of(settings):
    settings.SMSBAT = {**settings.SMSBAT, "OPT_OUT_KEYWORDS": []}
    assert LintCode.NO_OPT_OUT not in found("Sale!", promotional=True, sender=NUMBER)


def test_viber_has_its_own_way_out():
    assert not found("Sale!", promotional=True, kind="viber_promo")


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        ("Hi {name}", ("{name}",)),
        ("Hi %name%", ("%name%",)),
        ("Hi [Name]", ("[Name]",)),
        ("Hi ${name}", ("${name}",)),
        ("Hi #name#", ("#name#",)),
        ('Hi {{ name|default:"you" }}', None),
        ("Save 10% and 20%", None),
        ("a < b > c", None),
        ("Save $20, order #5, room [12], 5%off% ", None),
        ("Hi {{ name }", ("{{ name }",)),
        ("Hi { name }}", ("{ name }}",)),
        ('Hi {{ name|default:"[you]" }}', None),
    ],
)
def test_what_looks_like_a_placeholder_and_is_none(text, raw):
    told = found(text).get(LintCode.RAW_PLACEHOLDER)
    assert (told.what if told else None) == raw


@pytest.mark.parametrize(
    "raw",
    [
        *("*|FNAME|*", "*|MERGE1|*", "[FIRST NAME]", "[first_name]", "[Your Name]", "[Ваше ім'я]"),
        *("[Name,fallback=]", "{First Name}", "{Ім'я}", "{Прізвище Ім’я}", "{name|default}"),
        *("{!Contact.Name}", "{$name}", "{contactfield=firstname}", "{0}", "${name}", "$name"),
        *("$[FNAME|]$", "#name#", "#recipient:name#", "%name%", "%FIRSTNAME%", "%%First Name%%"),
        *("%(name)s", "[%name%]", "[%first_name | Default%]", "[[name]]", "[[First Name]]"),
        *("<<Name>>", "<name>", "<%= name %>", "::subscriber.first_name::", "@name@", "-name-"),
        *("«First_Name»", "~Contact.FirstName~", "__name__"),
        *(
            "%recipient.name%",
            "%FIRSTNAME|друже%",
            "%name|%",
            "[First Name | друже]",
            "[Ім'я |друже]",
        ),
        *("%ІМ'Я%", "%Ім’я%", "##name##", "##user.name##", "|NAME|", "|First Name|", "~name~"),
    ],
)
@pytest.mark.parametrize("text", ["Hi %s, sale!", "%s", "Вітаємо, %s! Знижки 50%%"])
def test_placeholders_of_other_products_are_recognised(text, raw):
    assert found(text % raw)[LintCode.RAW_PLACEHOLDER].what == (raw,)


@pytest.mark.parametrize(
    "text",
    [
        "50% знижка, від 10 %до 20%, 100%натуральний і 50%бавовна",
        "[Акція] Новинка! [Увага] [Київ, Львів] [код ABC]",
        "#знижка #акція#знижка #1 у світі #2",
        "$5, US$20, 100$ / 4000₴, R$50",
        "a@b.com, c@d.ua, @acme і @shop, shop_ua@work",
        "c++, 1+1=3, 5 < 7 <3 -> => :)",
        "«Сільпо», «Нове місто», “Rozetka”",
        "https://shop.ua/?a=%D0%B0%20b&c=#top",
        "**Знижки** *умови* _діють_ ~сьогодні~ __лише__",
        "Знижки -50% -30%- на товар -футболка-",
        "10:00::12:00 :: Тел. (067) 111-22-33",
        "{} [] () <> %% ## @@ --",
        "|Київ|Львів| ціна | 100 | ~100~ грн, ~5 хв~, ## Новини ##, #1##2#",
        "Кешбек 20%на все|10%на інше, від 5%|до 7%, 100%ж'юрі%",
        "[Акція | до 5 травня] [Київ | Львів]",
    ],
)
def test_ordinary_texts_hold_no_placeholders(text):
    assert LintCode.RAW_PLACEHOLDER not in found(text)


@pytest.mark.parametrize(
    "start", ["{", "[", "<<", "%%", "*|", "«", "::", "[%", "#", "%", "##", "|", "~"]
)
@pytest.mark.parametrize("filling", ["a", "a ", "a.", "а'", "|"])
def test_an_endless_placeholder_is_read_in_one_go(start, filling):
    assert LintCode.RAW_PLACEHOLDER not in found(start + filling * 20_000)


@pytest.mark.parametrize("char", ["\u200b", "\u00ad", "\u2060", "\ufeff"])
def test_an_invisible_character_counts_in_ukrainian_texts_too(char):
    told = found("Знижка " * 10 + char)[LintCode.COSTS_MORE_PARTS]
    assert (told.what, told.parts) == ((char,), (2, 1))


def test_an_invisible_character_is_left_out_and_a_space_is_replaced():
    assert found("a" * 160 + "\u200b")[LintCode.COSTS_MORE_PARTS].parts == (3, 1)
    assert found("a" * 80 + "\u00a0" + "a" * 79)[LintCode.COSTS_MORE_PARTS].parts == (3, 1)


def test_what_an_emoji_is_made_of_is_not_offered():
    assert LintCode.COSTS_MORE_PARTS not in found(
        "Знижка " * 9 + "\U0001f469\u200d\U0001f467" + "x" * 3
    )


@pytest.mark.parametrize("sender", ["AcmeShop", "", "Shop24"])
@pytest.mark.parametrize(
    ("text", "concern"),
    [
        ("Sale!", LintCode.NO_REPLIES),
        ("Sale! https://shop.ua", LintCode.NO_REPLIES),
        ("Sale! Reply STOP", LintCode.LOST_KEYWORD),
        ("Знижки! Для відмови надішліть стоп. Сайт shop.ua", LintCode.LOST_KEYWORD),
        ("Знижки! Відмова: стоп", LintCode.LOST_KEYWORD),
        ("Знижки! Відписатися: shop.ua/off", None),
        ("Знижки! Відмова 0 800 123 456", None),
        ("Sale! Unsubscribe: help@shop.ua", None),
        ("Sale! Opt-out SHOP.UA", None),
        ("Sale! Send STOP to 3700", None),
        ("Знижки! Надішліть СТОП на +380671112233", None),
        ("Sale! STOP: shop.ua/stop", None),
    ],
)
def test_an_alpha_name_needs_another_way_out_than_a_keyword(text, concern, sender):
    opting_out = {LintCode.NO_OPT_OUT, LintCode.NO_REPLIES, LintCode.LOST_KEYWORD}
    told = found(text, promotional=True, sender=sender)
    assert opting_out & told.keys() == ({concern} if concern else set())


@pytest.mark.parametrize("sender", ["380671112233", "+380 67 111 22 33", "3700"])
def test_a_number_receives_the_keyword(sender):
    assert not found("Sale! Reply STOP", promotional=True, sender=sender)
    assert LintCode.NO_OPT_OUT in found("Sale!", promotional=True, sender=sender)


def test_the_lost_keyword_is_the_one_in_the_text():
    told = found("Sale! Reply Stop", promotional=True, sender="AcmeShop")
    assert told[LintCode.LOST_KEYWORD].what == ("Stop",)


@pytest.mark.parametrize("kind", ["viber_promo", "rcs"])
def test_a_fallback_from_an_alpha_name_receives_no_replies(kind):
    told = found("Hi", promotional=True, kind=kind, fallback_text="Sale!", sender="AcmeShop")
    assert told[LintCode.NO_REPLIES].field == "fallback_text"


def test_without_keywords_an_alpha_name_still_offers_no_way_out(settings):
    settings.SMSBAT = {**settings.SMSBAT, "OPT_OUT_KEYWORDS": []}
    assert LintCode.NO_REPLIES in found("Sale!", promotional=True, sender="AcmeShop")
