"""Check, by text and sender, whether the recipient of a promotional SMS can opt out.

A keyword works only if the sender receives replies. Networks deliver no replies to an alpha name,
so its texts need a contact by which people opt out. An unknown sender counts as an alpha name:
SMSBAT registers alpha names, and wrong advice is worse than an unnecessary warning.
"""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

from django_smsbat import conf
from django_smsbat.conf.opt_out_keywords import OPT_OUT_KEYWORDS, Beside


class OptOut(StrEnum):
    """The reason why a recipient cannot opt out."""

    NOT_MENTIONED = "not_mentioned"  # a keyword would work, but the text names none
    NO_REPLIES = "no_replies"  # no keyword can work, and the text names no other way
    LOST_KEYWORD = "lost_keyword"  # the text names a keyword that cannot work


# The key: whether the sender receives replies, and whether the text names a keyword.
_RULES: Final[Mapping[tuple[bool, bool], OptOut | None]] = {
    (True, True): None,
    (True, False): OptOut.NOT_MENTIONED,
    (False, True): OptOut.LOST_KEYWORD,
    (False, False): OptOut.NO_REPLIES,
}
_NUMBER: Final = re.compile(r"\+?[\s().-]*+\d[\d\s().-]*")
_CONTACTS: Final = (
    r"https?://\S|www\.\S",
    r"(?<![\w.+-])[\w.+-]++@[\w-]++\.\w",  # an e-mail address
    r"(?<![\w@.-])(?:[\w-]+\.)+(?:[a-z]{2,24}|[A-Z]{2,3}|укр)(?!\w)",  # a site
    r"(?<!\d)\+?\d(?:[\s().-]*\d){8,14}(?!\d)",  # a phone number
)
_CONTACT: Final = re.compile("|".join(_CONTACTS))
_ABOUT_OPTING_OUT: Final = re.compile(
    r"(?<!\w)(?:відпис|відмов|відключ|відмін|отпис|отказ|отключ|unsubscri|opt[\s-]?out)",
    re.IGNORECASE,
)
_REPLY: Final = (
    r"(?:repl|respond|send|text|sms|смс|відпов|відправ|надіш|надсил|напиш|ответ|отправ|пришл)"
    r"\w{0,30}"  # bounded, since the search also starts inside words
)
_BEFORE_KEYWORD: Final = r"\W{1,4}(?:\w{1,40}\W{1,3}){0,2}?"
_DESTINATION: Final = r"\W{0,3}\s(?:to|at|на)\s+\+?\d"  # send STOP to 3700


def lacks(text: str, sender: str) -> tuple[OptOut | None, tuple[str, ...]]:
    """Return what the text lacks, and the affected keyword; None if the recipient can opt out.

    Args:
        sender: empty if unknown.
    """
    keywords = _keywords()
    if _names_contact(text, keywords):
        return None, ()
    named = _keyword_in(text, keywords)
    lack = _RULES[receives_replies(sender), bool(named)]
    if lack is OptOut.NOT_MENTIONED:
        return (lack, keywords[:1]) if keywords else (None, ())
    return lack, (named,) if named and lack else ()


def _keywords() -> tuple[str, ...]:
    """Return the keywords to search for, without "end" and "cancel", which are too common."""
    keywords = conf.current().opt_out_keywords
    strict = {word for word, beside in OPT_OUT_KEYWORDS.items() if beside is Beside.COURTESY}
    return tuple(word for word in keywords if word not in strict) or keywords


def receives_replies(sender: str) -> bool:
    """Return whether the sender is a number. An alpha name receives no replies."""
    return bool(_NUMBER.fullmatch(sender))


def _names_contact(text: str, keywords: Sequence[str]) -> bool:
    """Return whether the text names a contact for opting out, other than a reply."""
    if keywords:
        one = f"(?:{_any_of(keywords)})"
        asked = re.search(rf"{_REPLY}{_BEFORE_KEYWORD}{one}({_DESTINATION})?", text, re.IGNORECASE)
        if asked:
            return bool(asked[1])
    is_about_it = _ABOUT_OPTING_OUT.search(text) or _keyword_in(text, keywords)
    return bool(is_about_it and _CONTACT.search(text))


def _keyword_in(text: str, keywords: Sequence[str]) -> str:
    """Return the first keyword in the text, in the spelling of the text."""
    match = re.search(_any_of(keywords), text, re.IGNORECASE) if keywords else None
    return match[0] if match else ""


def _any_of(keywords: Sequence[str]) -> str:
    return rf"(?<!\w)(?:{'|'.join(map(re.escape, keywords))})(?!\w)"
