"""The phrases by which people ask to opt out in Ukrainian, Russian and English.

`opt_out_vocabulary` lists the vocabulary by meaning. A phrase is a sequence of such meanings.
"""

import re
from functools import lru_cache
from typing import Final, NamedTuple

from django_smsbat.services.consent.opt_out_vocabulary import (
    DOUBTS,
    MEANINGS,
    OTHER_SUBJECTS,
    Vocabulary,
)


class Phrase(NamedTuple):
    """A sequence of meanings. Fillers between them are ignored.

    Attributes:
        meanings: separated by spaces. ``A|B`` means either, ``..`` up to three other words.
        needs: a meaning that must occur anywhere in the message.
        unless: a meaning that must not occur in the message.
        is_whole: whether the phrase must be the whole message.
        is_of_orders: whether the phrase can also refer to an order or a channel. If the message
            names an order or a channel, or asks to be contacted, the phrase does not count.
    """

    meanings: str
    needs: str = ""
    unless: str = ""
    is_whole: bool = False
    is_of_orders: bool = True


PHRASES: Final = (
    Phrase("NOT WRITE"),
    Phrase("NOT SEND", is_whole=True),
    Phrase("NOT SEND|CALL", needs="MORE"),
    Phrase("NOT SEND .. MAILING|SPAM|ANYTHING"),
    Phrase("MAILING|SPAM|ANYTHING NOT SEND|WRITE"),
    Phrase("NOT ANYTHING SEND|WRITE"),
    Phrase("NOT|IS_NOT WANT MAILING|SPAM|WRITE"),
    Phrase("NOT|IS_NOT WANT SEND|SENDING|RECEIVE", needs="MORE"),
    Phrase("NOT|IS_NOT WANT SENDING", needs="TO_ME"),
    Phrase("NOT|IS_NOT WANT SEND|SENDING|RECEIVE .. MAILING|SPAM|ANYTHING"),
    Phrase("NOT|IS_NOT WANT RECEIVE", is_whole=True),
    Phrase("NOT|IS_NOT WANTED .. MAILING|SPAM"),
    Phrase("MAILING|SPAM NOT WANTED"),
    Phrase("NO|NOT MAILING|SPAM", needs="MORE"),
    Phrase("CEASE WRITE|SEND|SENDING|CALL"),
    Phrase("CEASE .. MAILING|SPAM"),
    Phrase("MAILING|SENDING .. CEASE"),
    Phrase("NOT|IS_NOT SUBSCRIBED"),
    Phrase("NOT|IS_NOT GAVE .. CONSENT"),
    Phrase("REMOVE|FETCH .. NUMBER", needs="MY"),
    Phrase("REMOVE .. NUMBER", is_whole=True),
    Phrase("REMOVE .. LIST"),
    Phrase("TAKE .. OFF .. LIST"),
    Phrase("REMOVE|TAKE .. OFF", needs="ME"),
    Phrase("REMOVE", needs="ME"),
    Phrase("REFUSE .. MAILING|SPAM"),
    Phrase("MAILING|SPAM REFUSE"),
    Phrase("UNSUBSCRIBE", is_of_orders=False),
    Phrase("OPT OFF", is_of_orders=False),
    Phrase("UNSUBSCRIBE_WHOM", needs="ME"),
    Phrase("UNSUBSCRIBE_WHOM .. MAILING"),
    Phrase("UNSUBSCRIBE_FROM", unless="TO_ME", is_whole=True, is_of_orders=False),
    Phrase("UNSUBSCRIBE_FROM", needs="ME", is_of_orders=False),
    Phrase("UNSUBSCRIBE_FROM .. MAILING|SPAM", is_of_orders=False),
    Phrase("LEAVE .. ALONE", is_of_orders=False),
    Phrase("GO_AWAY"),
    Phrase("SWEAR OFF"),
    Phrase("FED_UP", is_whole=True),
    Phrase("FED_UP .. MAILING|SPAM"),
    Phrase("MAILING|SPAM FED_UP"),
    Phrase("SPAM"),
    Phrase("CEASE|REFUSE|CURTLY", is_whole=True),
)

_Meanings = frozenset[str]
_GAP: Final = 3  # in words
_WEIGHTLESS: Final = frozenset({"FILLER", "ME", "MY", "TO_ME", "MORE"})
# An English negation after these meanings is a statement: "you don't text me", "did not".
_STATEMENT: Final = {
    "DONT": frozenset({"SUBJECT"}),
    "BARE_NOT": frozenset({"SUBJECT", "AUXILIARY"}),
}
_WORDS: Final = Vocabulary(MEANINGS)
_OTHER_SUBJECTS: Final = Vocabulary({"OTHER": OTHER_SUBJECTS, "DOUBT": DOUBTS})
# Actions that people ask a sender to stop. Other negations after a keyword make it doubtful.
_UNWANTED: Final = frozenset(
    {"WRITE", "SEND", "SENDING", "CALL", "RECEIVE", "WANT", "WANTED", "MAILING", "SPAM"}
    | {"ANYTHING", "SUBSCRIBED", "GAVE"}
)
_DOUBLED: Final = re.compile(r"(.)\1")  # "stopp"
_DOUBLED_MIN: Final = 4  # letters of a word
_STRETCHED: Final = re.compile(r"(.)\1{2,}")  # "stoooop"
_NONE: Final[_Meanings] = frozenset()


class _Step(NamedTuple):
    any_of: _Meanings
    reach: int  # maximum number of words between the previous step and this step


class _Pattern(NamedTuple):
    phrase: Phrase
    steps: tuple[_Step, ...]


def _compiled(phrase: Phrase) -> _Pattern:
    steps: list[_Step] = []
    reach = 0
    for part in phrase.meanings.split():
        if part == "..":
            reach = _GAP
        else:
            steps.append(_Step(frozenset(part.split("|")), reach))
            reach = 0
    return _Pattern(phrase, tuple(steps))


_PATTERNS: Final = tuple(map(_compiled, PHRASES))


def sounds_like_an_opt_out(words: list[str]) -> bool:
    """Return whether the words of a message, from `folding.words`, contain a phrase."""
    slots = _understood(words)
    present = _NONE.union(*slots)
    likely = [one for one in _PATTERNS if _may_occur(one, present)]
    if not likely:
        return False
    is_of_orders = _names_something_else(words, present) or _asks_for_contact(slots)
    weighty = [slot for slot in slots if not slot & _WEIGHTLESS]
    return any(
        _occurs(one, weighty) for one in likely if not (is_of_orders and one.phrase.is_of_orders)
    )


def makes_doubtful(word: str) -> bool:
    """Return whether a word after a keyword makes it doubtful that the sender wants to opt out."""
    return bool(_OTHER_SUBJECTS.meanings_of(word))


def negates(words: list[str]) -> bool:
    """Return whether the text after a keyword negates anything but messages.

    An example is "do not unsubscribe".
    """
    slots = _understood(words)
    for place, slot in enumerate(slots):
        if slot & {"NOT", "IS_NOT"}:
            weighty = [one for one in slots[place + 1 :] if not one & _WEIGHTLESS][:1]
            if not (weighty and weighty[0] & _UNWANTED):
                return True
    return False


def _understood(words: list[str]) -> list[_Meanings]:
    """Return the meanings of each word. Resolve negations and homonyms by their context."""
    is_latin = all(word.isascii() for word in words)
    slots = [_meanings_of(_STRETCHED.sub(r"\1", word)) for word in words]
    for place, slot in enumerate(slots):
        if is_latin and words[place] == "HE":  # the English pronoun, not the Cyrillic negation
            slots[place] = _NONE
        elif kind := slot & _STATEMENT.keys():
            slots[place] = frozenset({_negation(slots[:place], _STATEMENT[min(kind)])})
        elif "SPAM" in slot and place and "INTO" in slots[place - 1]:  # "in the spam folder"
            slots[place] = slot - {"SPAM"}
    return slots


def _negation(before: list[_Meanings], of_a_statement: _Meanings) -> str:
    """Return ``IS_NOT`` for a statement, ``NOT`` for a request."""
    last = [slot for slot in before if "DO" not in slot][-1:]
    return "IS_NOT" if last and last[0] & of_a_statement else "NOT"


def _names_something_else(words: list[str], present: _Meanings) -> bool:
    if "MAILING" in present:
        return False
    return any("OTHER" in _OTHER_SUBJECTS.meanings_of(word) for word in words)


def _asks_for_contact(slots: list[_Meanings]) -> bool:
    """Return whether the message asks the sender to write or call ("call me", "телефонуйте")."""
    return any(_is_invitation(slots, place) for place in range(len(slots)))


def _is_invitation(slots: list[_Meanings], place: int) -> bool:
    slot = slots[place]
    to_me = bool(slots[place + 1 : place + 2]) and bool(slots[place + 1] & {"ME", "TO_ME"})
    if not ("INVITE" in slot or ("INVITE_ME" in slot and to_me)):
        return False
    before = [one for one in slots[:place] if "OR" in one or not one & _WEIGHTLESS][-1:]
    return not (before and before[0] & {"NOT", "IS_NOT", "CEASE", "OR"})


def _may_occur(pattern: _Pattern, present: _Meanings) -> bool:
    needs, unless = pattern.phrase.needs, pattern.phrase.unless
    if (needs and needs not in present) or unless in present:
        return False
    return all(step.any_of & present for step in pattern.steps)


def _occurs(pattern: _Pattern, slots: list[_Meanings]) -> bool:
    if pattern.phrase.is_whole:
        return len(slots) == len(pattern.steps) and _begins(pattern.steps, slots)
    return any(_begins(pattern.steps, slots[place:]) for place in range(len(slots)))


def _begins(steps: tuple[_Step, ...], slots: list[_Meanings]) -> bool:
    if not steps:
        return True
    first, *rest = steps
    return any(
        slots[skipped] & first.any_of and _begins(tuple(rest), slots[skipped + 1 :])
        for skipped in range(min(first.reach + 1, len(slots)))
    )


@lru_cache(maxsize=4_096)
def _meanings_of(word: str) -> _Meanings:
    meanings = _WORDS.meanings_of(word)
    if meanings or len(word) < _DOUBLED_MIN:
        return meanings
    return _WORDS.meanings_of(_DOUBLED.sub(r"\1", word))
