"""Recognition of headings about consent: opt-outs, subscriptions and their status.

It uses rules instead of a list of headings, because products use too many spellings.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from django_smsbat.services.recipients.imports.fields import Field, Recognised
from django_smsbat.services.recipients.imports.words import word_set

_RANK: Final = 3
_WORDS_MAX: Final = 9  # also the questions of a form


class _Rule(NamedTuple):
    """A field and groups of stems. A heading matches if it contains a stem of each group."""

    field: Field
    groups: tuple[tuple[str, ...], ...]


def _rule(field: Field, *groups: str) -> _Rule:
    return _Rule(field, tuple(tuple(group.split()) for group in groups))


_MAILING: Final = "розсил рассыл sms смс marketing повідомлен сообщен promo"
# The first matching rule wins. A stem that ends in "$" is a whole word.
_RULES: Final = (
    _rule(Field.STATUS, "status$ статус$ state$ стан$", f"{_MAILING} subscri підписк подписк"),
    _rule(Field.STATUS, "status$ статус$", "contact$ контакт$ контакту$ контакта$ member$"),
    _rule(Field.OPTED_OUT, "unsub$ unsubscribe unsubscribed$ unsubscribes$ optout optedout"),
    _rule(Field.OPTED_OUT, "blacklist dnc$ dnd$ suppressed$ стоплист stoplist"),
    _rule(Field.OPTED_OUT, "opt$ opted$", "out$"),
    _rule(Field.OPTED_OUT, "do$", "not$", "contact$ call$ sms$ text$ disturb$ email$ mail$"),
    _rule(Field.OPTED_OUT, "відпис отпис"),
    _rule(Field.OPTED_OUT, "чорний$ черный$", "список$"),
    _rule(Field.OPTED_OUT, "стоп$ stop$", "лист$ list$ список$ sms$ смс$"),
    _rule(Field.OPTED_OUT, "не$", "надсилат надсилай отправлят турбуват беспокоит писат слат"),
    _rule(Field.OPTED_OUT, "заборон запрет відмов отказ", _MAILING),
    _rule(Field.SUBSCRIBED, "accepts$ receives$", f"{_MAILING} sms$"),
    _rule(Field.SUBSCRIBED, "subscribed$"),
    _rule(Field.SUBSCRIBED, "opt$ opted$", "in$"),
    _rule(Field.SUBSCRIBED, "optin optedin"),
    _rule(Field.SUBSCRIBED, "consent$", _MAILING),
    _rule(Field.SUBSCRIBED, "підписан подписан"),
    _rule(Field.SUBSCRIBED, "підписка$ подписка$", _MAILING),
    _rule(Field.SUBSCRIBED, "згод соглас погодж дозвіл дозвол разреш отримув получат", _MAILING),
)
# Headings of a single word.
_ALONE: Final = {
    **dict.fromkeys(("stop", "стоп", "відмовився", "відмовилася", "відмовилися"), Field.OPTED_OUT),
    **dict.fromkeys(("consent", "згода", "согласие", "розсилка", "рассылка"), Field.SUBSCRIBED),
    **dict.fromkeys(("підписка", "подписка"), Field.SUBSCRIBED),
    **dict.fromkeys(("status", "статус"), Field.STATUS),
}
# These columns contain other facts about an opt-out or an opt-in.
_ABOUT: Final = word_set(
    "reason причина campaign кампанія кампания title id ip url link comment коментар комментарий "
    "note count source джерело источник plan тариф method by order замовлення заказа"
)
_DATES: Final = word_set("date time at on дата час время")
_EMAIL: Final = word_set("email mail e")


def recognise(words: Sequence[str]) -> Recognised | None:
    """Return the field of a heading about consent, which is split into lower-case words."""
    if not words or len(words) > _WORDS_MAX or _ABOUT & set(words):
        return None
    if len(words) == 1 and words[0] in _ALONE:
        return Recognised(_ALONE[words[0]], _RANK)
    field = next((rule.field for rule in _RULES if _fits(rule, words)), None)
    if field is Field.SUBSCRIBED and (_EMAIL | _DATES) & set(words):
        return None  # consent to e-mails does not cover messages; dates are consent dates
    return Recognised(field, _RANK) if field else None


def _fits(rule: _Rule, words: Sequence[str]) -> bool:
    return all(any(_begins(word, one) for word in words for one in group) for group in rule.groups)


def _begins(word: str, beginning: str) -> bool:
    return word == beginning[:-1] if beginning.endswith("$") else word.startswith(beginning)
