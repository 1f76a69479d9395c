"""Vocabulary of cells and headings: yes and no, subscriptions, spreadsheet errors."""

from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split("; "))


def word_set(text: str) -> frozenset[str]:
    """Split a text at spaces."""
    return frozenset(text.split())


# Spreadsheet errors of failed formulas, in English, Ukrainian and Russian.
ERRORS: Final = _words(
    "#N/A; #VALUE!; #REF!; #DIV/0!; #NAME?; #NULL!; #NUM!; #SPILL!; #CALC!; #FIELD!; "
    "#GETTING_DATA; #Н/Д; #ЗНАЧ!; #ЗНАЧЕННЯ!; #ССЫЛКА!; #ПОСИЛАННЯ!; #ДЕЛ/0!; #ДІЛ/0!; #ИМЯ?; "
    "#ІМЯ?; #ІМ'Я?; #ПУСТО!; #ЧИСЛО!; #ПЕРЕНОС!"
)
YES: Final = _words(
    "yes; y; true; t; 1; 1.0; так; т; да; д; +; x; х; ✓; ✔; ✅; on; істина; истина; згоден; "
    "згодна; согласен; согласна; надано; погоджуюсь; погоджуюся; соглашаюсь"
)
NO: Final = _words(
    "no; n; false; f; 0; 0.0; ні; н; нет; -; –; —; off; none; null; n/a; na; nan; never; nil; "
    "хибність; ложь; ✗; ✘; ❌; немає; 0000-00-00; 0000-00-00 00:00:00"
)
# Values of a column about a subscription, besides yes and no.
OPT_OUT: Final = _words(
    "unsubscribed; unsubscribe; unsub; un-subscribed; opted out; opt out; optout; opted-out; "
    "opt-out; optedout; not subscribed; never subscribed; complained; revoked; no consent; "
    "blacklisted; blacklist; suppressed; stop; stopped; do not contact; "
    "відписаний; відписана; відписано; відписався; відписалася; відписалась; відписка; відмовився; "
    "відмовилася; відмовилась; відмова; чорний список; не турбувати; не підписаний; не підписана; "
    "не згоден; не згодна; "
    "отписан; отписана; отписано; отписался; отписалась; отписка; отказался; отказалась; отказ; "
    "черный список; не беспокоить; не подписан; не подписана; не согласен; не согласна"
)
# Values of a column "status". It may be about an order, so ambiguous values are excluded.
OPT_OUT_STATUS: Final = OPT_OUT - _words(
    "stop; stopped; suppressed; revoked; complained; відмовився; відмовилася; відмовилась; "
    "відмова; отказался; отказалась; отказ; not subscribed; never subscribed"
)
OPT_IN: Final = _words(
    "subscribed; opted in; opt in; optin; opted-in; opt-in; active; granted; "
    "підписаний; підписана; підписано; підписався; підписалася; активний; активна; "
    "подписан; подписана; подписано; подписался; подписалась; активный; активная"
)
