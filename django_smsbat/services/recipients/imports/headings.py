"""Recognition of headings: the field of a column, in English, Ukrainian and Russian.

The tables cover the exports of Google, Outlook, HubSpot, Mailchimp, Odoo, Shopify, WooCommerce,
Meta lead ads and 1C. Case, punctuation, apostrophes, numbering and joined words are ignored.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from django_smsbat.services.recipients.imports import consent_headings
from django_smsbat.services.recipients.imports.fields import Field, Recognised
from django_smsbat.services.recipients.imports.words import word_set

VAGUE: Final = 0  # such as "Number": used only if no other heading matches
_LANDLINE: Final = 1
_QUALIFIED: Final = 2  # such as "Default address phone": after a plain "Phone"
_PLAIN: Final = 3
_MOBILE: Final = 4
_WORDS_MAX: Final = 6  # longer headings are questions or sentences

_APOSTROPHES: Final = re.compile("['’ʼ`´‘]")
_JOINED: Final = re.compile(r"(?<=[a-zа-яіїєґ])(?=[A-ZА-ЯІЇЄҐ])|(?<=[^\W\d_])(?=\d)")
_NOT_A_WORD: Final = re.compile(r"[\W_]+")


def fold(heading: str) -> str:
    """Normalise the spelling of a heading: ``Phone_Number:`` and ``phoneNumber`` become equal."""
    text = unicodedata.normalize("NFKC", heading)
    text = _JOINED.sub(" ", _APOSTROPHES.sub("", text)).casefold().replace("ё", "е")
    return _NOT_A_WORD.sub(" ", text).strip()


_PHONE_WORDS: Final = word_set(
    "phone phones phonenumber telephone tel telefon telefone telefono teléfono telefonu ph handy "
    "handynummer телефон телефона телефону телефони телефоны тел"
)
_MOBILE_WORDS: Final = word_set(
    "mobile mobiles mobilephone mob cell cellphone cellular msisdn movil móvil celular whatsapp "
    "viber вайбер вайбера моб мобільний мобільного мобільні мобилка мобильный мобильного "
    "мобильные сотовый сотового"
)
_LANDLINE_WORDS: Final = word_set(
    "home work business office landline домашній домашний робочий рабочий міський городской "
    "стаціонарний стационарный офіс офіса офис офиса"
)
# These do not change the field: they name the person.
_NEUTRAL_WORDS: Final = word_set(
    "number numbers numer no n contact contacts customer client recipient buyer user person "
    "subscriber member guest billing primary my your номер номера контакт контакта контактний "
    "контактный контактного клієнт клієнта клиент клиента покупець покупця покупатель покупателя "
    "одержувач одержувача отримувач отримувача получатель получателя абонент абонента контрагента "
    "контрагент замовника заказчика ваш ваше ваша мій моє мой мое основний основной и і та"
)
# Columns with these headings contain the phone of another person.
_OTHERS_WORDS: Final = word_set(
    "manager managers agent agents assistants sellers drivers couriers courier driver seller "
    "sender store shop emergency parent assistant owner "
    "supplier employee staff operator doctor teacher referrer referral spouse partner company main "
    "менеджер менеджера агент агента курєр курєра курьер курьера водій водія водитель водителя "
    "продавець продавця продавец продавца відправник відправника отправитель отправителя магазин "
    "магазину магазина оператор оператора компанія компанії компания компании батьків родителей "
    "лікар лікаря врач врача вчитель учитель секретар секретаря асистент асистента постачальник "
    "постачальника поставщик поставщика співробітник сотрудник екстрений экстренный"
)
_EMAIL_WORDS: Final = word_set(
    "email emails mail пошта пошти почта почты емейл емайл імейл имейл мейл електронна електронної"
)
# Columns with these headings contain facts about a number or an address, not the value itself.
_ABOUT_WORDS: Final = word_set(
    "label type тип fax факс country код code verified valid model модель os brand carrier name "
    "назва название plan тариф додаток приложение id ідентифікатор device date дата time consent "
    "note notes примітка примечание status статус ext extension opt optin optout opted "
    "unsubscribed unsubscribe subscribed accepts marketing blacklisted count кількість количество "
    "comment коментар комментарий app version source джерело источник template шаблон згода "
    "согласие відписка отписка hash domain bounce bounced quarantined invalid last first next "
    "recent state url link"
)

_EXACT: Final[Mapping[tuple[Field, int], str]] = {
    (Field.PHONE, VAGUE): (
        "number; номер; contact number; contact; контакт; контакти; контакты; to; recipient; "
        "отримувач номер; абонент; sms"
    ),
    (Field.NAME, 3): (
        "full name; fullname; піб; п і б; фио; ф и о; display name; імя та прізвище; "
        "імя і прізвище; прізвище та імя; прізвище імя; прізвище імя по батькові; "
        "имя и фамилия; фамилия имя; фамилия и имя; фамилия имя отчество; name and surname; "
        "повне імя; полное имя"
    ),
    (Field.NAME, 2): "name; імя; имя",
    (Field.NAME, 1): ("first name; firstname; fname; given name; givenname; назва контакту"),
    (Field.NAME, VAGUE): (
        "customer; client; клієнт; клиент; покупець; покупатель; контрагент; найменування; "
        "наименование; отримувач; получатель; nickname"
    ),
    (Field.CONSENT_DATE, _PLAIN): (
        "consent date; consent at; consent time; opt in date; opt in time; optin time; "
        "optin date; opted in at; opted in on; subscribed at; subscribed on; subscription date; "
        "sms consent date; sms consent collected at; дата згоди; дата підписки; дата согласия; "
        "дата подписки"
    ),
    (Field.CONSENT_DATE, _QUALIFIED): "confirm time; confirmed at; confirmation date",
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
    """Return the field of a column with this heading; None for an attribute."""
    # Try the heading split at capitals first ("phoneNumber"), then unsplit ("WhatsApp").
    return _recognise(fold(heading)) or _recognise(fold(heading.casefold()))


def _recognise(folded: str) -> Recognised | None:
    words = [word for word in folded.split() if not word.isdigit()]
    known = _KNOWN.get(folded) or _KNOWN.get(" ".join(words)) or consent_headings.recognise(words)
    if known is None:
        # "ПІБ покупця" and "Your name" name the person, as "ПІБ" and "Name" do.
        name = _KNOWN.get(" ".join(word for word in words if word not in _NEUTRAL_WORDS))
        known = name if name and name.field is Field.NAME else None
    if known or len(words) > _WORDS_MAX or (_ABOUT_WORDS | _OTHERS_WORDS) & set(words):
        return known
    return _contact(set(words))


def _contact(words: set[str]) -> Recognised | None:
    is_mobile, is_phone = bool(words & _MOBILE_WORDS), bool(words & _PHONE_WORDS)
    if is_mobile or is_phone:
        rank = _MOBILE if is_mobile else _LANDLINE if words & _LANDLINE_WORDS else _PLAIN
        known = _PHONE_WORDS | _MOBILE_WORDS | _LANDLINE_WORDS | _NEUTRAL_WORDS
        return Recognised(Field.PHONE, rank if words <= known else min(rank, _QUALIFIED))
    return Recognised(Field.EMAIL, _PLAIN) if words & _EMAIL_WORDS else None


def names_a_phone(headings: Iterable[str]) -> bool:
    """Return whether these headings contain a phone column."""
    return any(known.field is Field.PHONE for heading in headings if (known := recognise(heading)))


def rate(headings: Iterable[str]) -> int:
    """Rate cells as headings. A phone column weighs more than the number of known headings."""
    fields = [known for heading in headings if (known := recognise(str(heading)))]
    has_phone = any(known.field is Field.PHONE and known.rank > VAGUE for known in fields)
    return len(fields) + (100 if has_phone else 0)
