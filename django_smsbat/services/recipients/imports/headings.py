"""Recognition of headings: which field a column holds, in English, Ukrainian and Russian.

The tables cover the exports of Google, Outlook, HubSpot, Mailchimp, Odoo, Shopify, WooCommerce,
Meta lead ads and 1C. Case, punctuation, apostrophes, numbering and joined words are ignored.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from django_smsbat.services.recipients.imports.fields import Field


class Recognised(NamedTuple):
    """What a heading means.

    Attributes:
        rank: how specific the heading is; of several columns the highest is used first.
    """

    field: Field
    rank: int


VAGUE: Final = 0  # such as "Number": used only if no other heading fits
_LANDLINE: Final = 1
_PLAIN: Final = 2
_MOBILE: Final = 3
_WORDS_MAX: Final = 6  # longer headings are questions or sentences

_APOSTROPHES: Final = re.compile("['’ʼ`´‘]")
_JOINED: Final = re.compile(r"(?<=[a-zа-яіїєґ])(?=[A-ZА-ЯІЇЄҐ])|(?<=[^\W\d_])(?=\d)")
_NOT_A_WORD: Final = re.compile(r"[\W_]+")


def fold(heading: str) -> str:
    """The words of a heading in one spelling: ``Phone_Number:`` and ``phoneNumber`` are equal."""
    text = unicodedata.normalize("NFKC", heading)
    text = _JOINED.sub(" ", _APOSTROPHES.sub("", text)).casefold().replace("ё", "е")
    return _NOT_A_WORD.sub(" ", text).strip()


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PHONE_WORDS: Final = _words(
    "phone phones phonenumber telephone tel telefon телефон телефона телефону телефони телефоны тел"
)
_MOBILE_WORDS: Final = _words(
    "mobile mobiles mobilephone cell cellphone cellular msisdn whatsapp viber вайбер вайбера "
    "моб мобільний мобільного мобільні мобилка мобильный мобильного мобильные сотовый сотового"
)
_LANDLINE_WORDS: Final = _words(
    "home work business office landline company main assistant домашній домашний робочий рабочий "
    "міський городской стаціонарний стационарный офіс офіса офис офиса"
)
_EMAIL_WORDS: Final = _words(
    "email emails mail пошта пошти почта почты емейл емайл імейл имейл мейл електронна електронної"
)
# Headings with these words speak about a number or an address; the column holds something else.
_ABOUT_WORDS: Final = _words(
    "label type тип fax факс country код code verified valid model модель os brand carrier "
    "operator оператор date дата time consent note notes примітка примечание status статус ext "
    "extension opt optin optout opted unsubscribed unsubscribe subscribed accepts marketing "
    "blacklisted count кількість количество comment коментар комментарий app version source "
    "джерело источник template шаблон згода согласие відписка отписка hash owner domain bounce "
    "bounced quarantined invalid last first next recent"
)

_EXACT: Final[Mapping[tuple[Field, int], str]] = {
    (Field.PHONE, VAGUE): (
        "number; номер; contact number; contact; контакт; контакти; контакты; to; recipient; "
        "отримувач номер; абонент"
    ),
    (Field.NAME, 3): (
        "full name; fullname; піб; п і б; фио; ф и о; display name; імя та прізвище; "
        "імя і прізвище; прізвище та імя; прізвище імя; прізвище імя по батькові; "
        "имя и фамилия; фамилия имя; фамилия и имя; фамилия имя отчество; name and surname; "
        "повне імя; полное имя"
    ),
    (Field.NAME, 2): "name; імя; имя",
    (Field.NAME, 1): (
        "first name; firstname; fname; given name; givenname; billing first name; "
        "імя клієнта; имя клиента; customer name; client name; contact name; назва контакту"
    ),
    (Field.NAME, VAGUE): (
        "customer; client; клієнт; клиент; покупець; покупатель; контрагент; найменування; "
        "наименование; отримувач; получатель; nickname"
    ),
    (Field.OPTED_OUT, _PLAIN): (
        "opted out; opted out at; opt out; optout; opt out date; opt out time; optout time; "
        "unsubscribed; unsubscribed at; unsubscribed on; unsubscribe; unsubscribe date; "
        "unsub time; unsub date; sms opt out; sms opted out; sms unsubscribed; "
        "unsubscribed from all email; unsubscribed from all emails; do not contact; do not call; "
        "do not sms; do not text; do not disturb; dnd; dnc; blacklisted; is blacklisted; "
        "phone blacklisted; blacklist; suppressed; "
        "відписаний; відписана; відписано; відписані; відписався; відписалася; відписка; "
        "відмовився; відмовилася; відмовилися; "
        "дата відписки; відмова від розсилки; відмова від розсилок; не турбувати; чорний список; "
        "отписан; отписана; отписано; отписался; отписалась; отписка; дата отписки; "
        "отказ от рассылки; отказ от рассылок; не беспокоить; черный список"
    ),
    (Field.SUBSCRIBED, _PLAIN): (
        "accepts sms marketing; accepts marketing; sms marketing; subscribed; is subscribed; "
        "sms consent; sms marketing consent; sms subscribed; sms opt in; opt in; opted in; optin; "
        "marketing consent; consent; підписаний; підписана; підписано; згода; згода на розсилку; "
        "згода на розсилки; подписан; подписана; подписано; согласие; согласие на рассылку; "
        "согласие на рассылки"
    ),
    (Field.STATUS, _PLAIN): (
        "status; статус; subscription status; subscriber status; sms status; "
        "sms marketing status; sms subscription status; статус підписки; статус подписки"
    ),
    (Field.CONSENT_DATE, _PLAIN): (
        "consent date; consent at; consent time; opt in date; opt in time; optin time; "
        "optin date; opted in at; opted in on; subscribed at; subscribed on; subscription date; "
        "sms consent date; sms consent collected at; дата згоди; дата підписки; дата согласия; "
        "дата подписки"
    ),
    (Field.CONSENT_DATE, _LANDLINE): "confirm time; confirmed at; confirmation date",
    (Field.CONSENT_SOURCE, _PLAIN): (
        "consent source; opt in source; optin source; subscription source; signup source; "
        "sms consent source; джерело згоди; джерело підписки; источник согласия; "
        "источник подписки"
    ),
    (Field.ATTRIBUTES, _PLAIN): "attributes",
}
_KNOWN: Final = {
    fold(heading): Recognised(field, rank)
    for (field, rank), headings in _EXACT.items()
    for heading in headings.split(";")
}


@lru_cache(maxsize=1_024)
def recognise(heading: str) -> Recognised | None:
    """The field that a column with this heading holds; None for an attribute."""
    # Joined words are taken apart first: "phoneNumber" is known, "WhatsApp" only in one piece.
    return _recognise(fold(heading)) or _recognise(fold(heading.casefold()))


def _recognise(folded: str) -> Recognised | None:
    words = [word for word in folded.split() if not word.isdigit()]
    if known := _KNOWN.get(folded) or _KNOWN.get(" ".join(words)):
        return known
    if len(words) > _WORDS_MAX or _ABOUT_WORDS & set(words):
        return None
    return _contact(words)


def _contact(words: Iterable[str]) -> Recognised | None:
    found = set(words)
    if found & _MOBILE_WORDS:
        return Recognised(Field.PHONE, _MOBILE)
    if found & _PHONE_WORDS:
        return Recognised(Field.PHONE, _LANDLINE if found & _LANDLINE_WORDS else _PLAIN)
    return Recognised(Field.EMAIL, _PLAIN) if found & _EMAIL_WORDS else None


def rate(headings: Iterable[str]) -> int:
    """How well cells fit as headings: first whether a phone is among them, then how many fit."""
    fields = [found for heading in headings if (found := recognise(str(heading)))]
    has_phone = any(found.field is Field.PHONE and found.rank > VAGUE for found in fields)
    return len(fields) + (100 if has_phone else 0)
