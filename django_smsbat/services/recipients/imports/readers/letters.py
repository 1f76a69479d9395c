"""Detect the 8-bit encoding of a text by its letters.

Each language has code pages and letters, the most frequent letters first. Words are decoded with
each code page. The code page with the most usual letters wins. Windows-1251 wins a tie, as
Ukrainian versions of Windows use it.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import log
from typing import Final

WORDS_MAX: Final = 300
WORDS_OF_A_BLOCK: Final = 50
_WORD: Final = re.compile(rb"(?<![A-Za-z'\x80-\xff])[A-Za-z']*+[\x80-\xff][A-Za-z'\x80-\xff]*")

# If several decode to the same letters, the first wins.
CYRILLIC: Final = ("cp1251", "koi8-u", "cp1125", "cp866", "mac-cyrillic")
_CENTRAL: Final = ("cp1250",)
_WESTERN: Final = ("cp1252",)
CODECS: Final = (*CYRILLIC, *_CENTRAL, *_WESTERN)
# Code pages, and letters beyond ASCII by frequency in names and addresses.
_LANGUAGES: Final[tuple[tuple[tuple[str, ...], str], ...]] = (
    (
        ("cp1251", "koi8-u", "cp1125", "mac-cyrillic"),
        "оаинвіктерслмдпйуьюгбяхчцєїжшзщфґ",
    ),  # Ukrainian
    (CYRILLIC, "оаеинвтсркмлдпуьяыгзбчйхжшюцщэфъё"),  # Russian, Bulgarian
    (("cp1251", "cp866", "mac-cyrillic"), "аенікорсвлтдмпуяыьгчбзхйцшюжўэё"),  # Belarusian
    (("cp866",), "оаинвктерслмдпйуьюгбяхчцєїжшзщф"),  # Ukrainian with a Latin "i"
    (_CENTRAL, "łóńąęśćżź"),  # Polish
    (_CENTRAL, "áíéčřšžýěůúňťďóľôäĺŕ"),  # Czech, Slovak
    (_CENTRAL, "áéóöíüőúű"),  # Hungarian
    (_CENTRAL, "ăîâşţ"),  # Romanian
    (_CENTRAL, "ćčšžđ"),  # Croatian, Slovene
    (_WESTERN, "üöäß"),  # German
    (_WESTERN, "éèçëêïôâîàûœùÿæ"),  # French
    (_WESTERN, "íáéóñúü"),  # Spanish
    (_WESTERN, "ãçáéóíêâúõôàü"),  # Portuguese
    (_WESTERN, "òèàùìé"),  # Italian
    (_WESTERN, "öäåøæéüðþ"),  # Nordic
)
# These scores favour the encodings that are usual in Ukraine; the others need evidence.
_PRIORS: Final = {"cp1251": 3.0, "cp1250": 0.6, "mac-cyrillic": -3.0}
_SIGNS: Final = frozenset("«»“”„’‘–—…№§©®°€ \xa0")  # common in texts, but not within a word

_FOREIGN_LETTER: Final = -8.0
_USUAL_SIGN: Final = -4.0
_OTHER_SIGN: Final = -9.0
_SIGN_INSIDE_WORD: Final = -4.0
_CAPITAL_INSIDE_WORD: Final = -5.0
_MIXED_ALPHABETS: Final = -6.0  # a Cyrillic letter beside a Latin one
_ADJACENT_ACCENTS: Final = -1.5
_ADJACENT_VOWELS: Final = -1.5
_VOWELS: Final = frozenset("aeiouy")


def words_of(line: bytes) -> list[bytes]:
    """Return the non-ASCII words of a line."""
    return _WORD.findall(line)


def decide(words: Iterable[bytes]) -> str:
    """Return the codec that decodes the words to the most usual letters."""
    known = sorted(words)
    scores = {codec: _PRIORS.get(codec, 0.0) + _best(known, codec) for codec in CODECS}
    return max(scores, key=lambda codec: scores[codec])


def _best(words: list[bytes], codec: str) -> float:
    letters = [letter for word in words for letter in _letters(word.decode(codec, "replace"))]
    alphabets = [alphabet for codecs, alphabet in _LANGUAGES if codec in codecs]
    return max(sum(each.score(_RANKS[alphabet]) for each in letters) for alphabet in alphabets)


_RANKS: Final = {
    alphabet: {letter: -log(place + 2) for place, letter in enumerate(alphabet)}
    for _codecs_of, alphabet in _LANGUAGES
}

# All letters by code page, in both cases.
LETTERS: Final = {
    codec: frozenset(
        letter
        for codecs, alphabet in _LANGUAGES
        if codec in codecs
        for letter in alphabet + alphabet.upper()
    )
    for codec in CODECS
}


@dataclass(frozen=True, slots=True)
class _Letter:
    """A non-ASCII letter.

    Attributes:
        context: score of the letter beside its neighbours.
    """

    lower: str
    context: float
    is_sign: bool

    def score(self, ranks: dict[str, float]) -> float:
        if self.is_sign:
            return self.context
        return ranks.get(self.lower, _FOREIGN_LETTER) + self.context


def _letters(word: str) -> Iterator[_Letter]:
    padded = f" {word} "
    for before, letter, after in zip(padded, padded[1:], padded[2:], strict=False):
        if letter.isascii():
            continue
        if letter.isalpha():
            yield _Letter(letter.lower(), _letter_context(before, letter, after), False)
        else:
            yield _Letter(letter, _sign_context(before, letter, after), True)


def _sign_context(before: str, sign: str, after: str) -> float:
    score = _USUAL_SIGN if sign in _SIGNS else _OTHER_SIGN
    is_inside = before.isalpha() and after.isalpha() and sign != "’"
    return score + (_SIGN_INSIDE_WORD if is_inside else 0)


def _letter_context(before: str, letter: str, after: str) -> float:
    score = _CAPITAL_INSIDE_WORD if letter.isupper() and before.islower() else 0.0
    neighbours = [each for each in (before, after) if each.isalpha()]
    if _is_cyrillic(letter):
        latin = [each for each in neighbours if each.isascii() and each not in "iI"]
        return score + _MIXED_ALPHABETS * bool(latin)
    score += _ADJACENT_ACCENTS * any(not each.isascii() for each in neighbours)
    if _is_vowel(letter):
        score += _ADJACENT_VOWELS * any(_is_vowel(each) for each in neighbours)
    return score


def _is_cyrillic(letter: str) -> bool:
    return "\u0400" <= letter <= "\u04ff"


def _is_vowel(letter: str) -> bool:
    return unicodedata.normalize("NFD", letter.lower())[0] in _VOWELS
