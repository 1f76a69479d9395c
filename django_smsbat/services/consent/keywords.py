"""Recognise keywords in incoming messages that opt the sender out or back in.

A message opts out if it begins with an opt-out keyword and contains little else. An ambiguous
message that may ask to opt out is only reported, and a person decides.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from django_smsbat import conf
from django_smsbat.conf.opt_out_keywords import OPT_OUT_KEYWORDS, Beside
from django_smsbat.services.consent import opt_out_wording
from django_smsbat.services.consent.folding import FoldedText, fold, fold_word, words
from django_smsbat.services.consent.opt_out_vocabulary import COURTESY, THE_MAILING

_LONGEST: Final = 100  # characters before the signature
_FEW: Final = 3  # number of words besides keywords and courtesy
_STOP_SIGNS: Final = "🛑⛔🚫"
_TAG: Final = re.compile(r"</?[A-Za-z][^<>]*>")
_BESIDE: Final = {fold(keyword): beside for keyword, beside in OPT_OUT_KEYWORDS.items()}


@dataclass(frozen=True, slots=True)
class _Reading:
    """A message that begins with a keyword.

    Attributes:
        beside: the most permissive rule of the leading keywords.
        others: the words besides keywords and courtesy.
    """

    beside: Beside
    others: list[str]
    is_question: bool


class Intent(StrEnum):
    """The request that a message makes."""

    OPT_OUT = "opt_out"
    OPT_IN = "opt_in"
    MAY_BE_OPT_OUT = "may_be_opt_out"  # a person has to read it
    OTHER = "other"


def intent_of(text: str) -> Intent:
    """Return the intent of a message, by the keywords of the settings and the usual wording."""
    intent = _intent_of(FoldedText.of(text))
    if intent is Intent.OTHER and _hints_at_an_opt_out(text):
        return Intent.MAY_BE_OPT_OUT
    return intent


def _hints_at_an_opt_out(text: str) -> bool:
    """Return whether a message is only a stop sign, or asks to opt out inside HTML tags."""
    if any(sign in text for sign in _STOP_SIGNS):
        return not words(text)
    bare = _TAG.sub(" ", text) if "<" in text else text
    return bare != text and _intent_of(FoldedText.of(bare)) in _OPT_OUTS


def _intent_of(folded: FoldedText) -> Intent:
    settings = conf.current()
    opt_outs, opt_ins = _listed(settings.opt_out_keywords), _listed(settings.opt_in_keywords)
    reading = opt_outs.read(folded)  # first: a keyword on both lists opts out
    if reading is not None:
        return _intent_by_keyword(reading, folded, opt_ins)
    reading = opt_ins.read(folded)
    if reading and not (reading.others or folded.is_question or folded.length > _LONGEST):
        return Intent.OPT_IN
    return _intent_by_wording(folded)


_OPT_OUTS: Final = (Intent.OPT_OUT, Intent.MAY_BE_OPT_OUT)


def asks_to_opt_out(text: str) -> bool | None:
    """Return True for a message that opts out, False for an opt-in, None for any other."""
    return {Intent.OPT_OUT: True, Intent.OPT_IN: False}.get(intent_of(text))


def probably_asks_to_opt_out(text: str) -> bool:
    """Return whether a message may ask to opt out, though no keyword makes it certain."""
    return intent_of(text) is Intent.MAY_BE_OPT_OUT


def _intent_by_keyword(reading: _Reading, folded: FoldedText, opt_ins: "_Keywords") -> Intent:
    is_certain = _CERTAIN[reading.beside](reading) and opt_ins.keys.isdisjoint(reading.others)
    if is_certain and folded.length <= _LONGEST:
        return Intent.OPT_OUT
    may_be = _POSSIBLE[reading.beside](reading)
    return Intent.MAY_BE_OPT_OUT if may_be else _intent_by_wording(folded)


def _intent_by_wording(folded: FoldedText) -> Intent:
    sounds_so = opt_out_wording.sounds_like_an_opt_out(folded.words)
    return Intent.MAY_BE_OPT_OUT if sounds_so else Intent.OTHER


def _says_few_words(reading: _Reading) -> bool:
    """Apply the permissive rule: a keyword alone, or few other words that raise no doubt.

    A keyword alone may be a question ("STOP?"); a keyword with other words may not.
    """
    others = reading.others
    if not others:
        return True
    return (
        len(others) <= _FEW
        and not reading.is_question
        and not opt_out_wording.negates(others)
        and all(word.isalpha() and not opt_out_wording.makes_doubtful(word) for word in others)
    )


def _says_only_the_keyword(reading: _Reading) -> bool:
    return not reading.is_question and THE_MAILING.issuperset(reading.others)


def _says_only_a_question_or_a_number(reading: _Reading) -> bool:
    return all(word.isnumeric() or word in THE_MAILING for word in reading.others)


_Rule = Callable[[_Reading], bool]
_CERTAIN: Final[dict[Beside, _Rule]] = {
    Beside.FEW_WORDS: _says_few_words,
    Beside.COURTESY: _says_only_the_keyword,
}
_POSSIBLE: Final[dict[Beside, _Rule]] = {
    Beside.FEW_WORDS: lambda _: True,
    Beside.COURTESY: _says_only_a_question_or_a_number,
}


@dataclass(frozen=True)
class _Keywords:
    """A list of keywords, each split into folded words.

    Attributes:
        keys: each keyword without spaces, to match keywords that are spelled with spaces.
        by_first_word: the keywords by their first word, the longest first.
    """

    keys: frozenset[str]
    by_first_word: Mapping[str, Sequence[tuple[str, ...]]]

    def read(self, folded: FoldedText) -> _Reading | None:
        """Parse a message that begins with a keyword; return None if it does not."""
        leading, rest = self._leading(folded.words)
        if leading:
            others = [word for word in rest if not self._is_courtesy(word)]
            return _Reading(_most_permissive(leading), others, folded.is_question)
        if folded.letters in self.keys and not any(map(str.isnumeric, folded.words)):  # "S T O P"
            return _Reading(_beside(folded.letters), [], folded.is_question)
        return None

    def _leading(self, listed: list[str]) -> tuple[list[str], list[str]]:
        """Return the leading keywords, and the words that follow them."""
        leading: list[str] = []
        place = 0
        while place < len(listed) and (length := self._length_at(listed, place)):
            leading.append(fold("".join(listed[place : place + length])))
            place += length
        return leading, listed[place:]

    def _length_at(self, listed: list[str], place: int) -> int:
        for keyword in self.by_first_word.get(fold_word(listed[place]), ()):
            if tuple(map(fold_word, listed[place : place + len(keyword)])) == keyword:
                return len(keyword)
        return 0

    def _is_courtesy(self, word: str) -> bool:
        return word in COURTESY or fold_word(word) in self.keys


def _beside(key: str) -> Beside:
    """Return a keyword's rule. A site's own keyword may be any word, so it gets the strict rule."""
    return _BESIDE.get(key, Beside.COURTESY)


def _most_permissive(keys: Iterable[str]) -> Beside:
    allowed = {_beside(key) for key in keys}
    return Beside.FEW_WORDS if Beside.FEW_WORDS in allowed else Beside.COURTESY


@lru_cache(maxsize=8)
def _listed(keywords: tuple[str, ...]) -> _Keywords:
    by_first_word: dict[str, list[tuple[str, ...]]] = {}
    for keyword in sorted(_folded(keywords), key=len, reverse=True):
        by_first_word.setdefault(keyword[0], []).append(keyword)
    keys = frozenset("".join(keyword) for keyword in _folded(keywords))
    return _Keywords(keys, by_first_word)


def _folded(keywords: Iterable[str]) -> Iterator[tuple[str, ...]]:
    yield from filter(None, (tuple(map(fold_word, words(keyword))) for keyword in keywords))
