"""Words in cells: yes and no, subscriptions, and the errors that spreadsheets show."""

from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split("; "))


# What spreadsheets show for a formula that failed, in English, Ukrainian and Russian.
ERRORS: Final = _words(
    "#N/A; #VALUE!; #REF!; #DIV/0!; #NAME?; #NULL!; #NUM!; #SPILL!; #CALC!; #FIELD!; "
    "#GETTING_DATA; #Н/Д; #ЗНАЧ!; #ЗНАЧЕННЯ!; #ССЫЛКА!; #ПОСИЛАННЯ!; #ДЕЛ/0!; #ДІЛ/0!; #ИМЯ?; "
    "#ІМЯ?; #ІМ'Я?; #ПУСТО!; #ЧИСЛО!; #ПЕРЕНОС!"
)
YES: Final = _words("yes; y; true; t; 1; так; т; да; д; +; x; х; ✓; ✔; on")
NO: Final = _words("no; n; false; f; 0; ні; н; нет; -; –; —; off; none")
OPT_OUT: Final = _words(
    "unsubscribed; unsubscribe; unsub; opted out; opt out; optout; opted-out; opt-out; optedout; "
    "not subscribed; cleaned; blacklisted; blacklist; suppressed; stop; stopped; do not contact; "
    "відписаний; відписана; відписано; відписався; відписалася; відписалась; відмовився; "
    "відмовилася; відмовилась; чорний список; не турбувати; не підписаний; не підписана; "
    "отписан; отписана; отписано; отписался; отписалась; отказался; отказалась; черный список; "
    "не беспокоить; не подписан; не подписана"
)
OPT_IN: Final = _words(
    "subscribed; opted in; opt in; optin; opted-in; opt-in; active; granted; "
    "підписаний; підписана; підписано; підписався; підписалася; активний; активна; "
    "подписан; подписана; подписано; подписался; подписалась; активный; активная"
)
