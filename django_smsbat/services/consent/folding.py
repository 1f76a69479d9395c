"""Normalise incoming texts for comparison with a word list.

Case, punctuation, emoji, invisible characters and look-alike letters are removed or unified. The
signature of a mail program or a phone is removed.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

READ_MAX: Final = 300  # characters; the rest of a longer message is ignored
# Capitals that look alike in Cyrillic and Latin, and digits typed in place of a letter.
_LOOK_ALIKES: Final = str.maketrans("АВЕІЇКМНОРСТУХЅЈ", "ABEIIKMHOPCTYXSJ")
_DIGITS: Final = str.maketrans("01", "OI")
_INVISIBLE: Final = frozenset({"Mn", "Me", "Cf"})  # accents, enclosing marks, format characters
_HYPHEN: Final = re.compile(r"[-‐]")
_APOSTROPHE: Final = re.compile("['’ʼ`]")
_WORD: Final = re.compile(r"[^\W_]+(?:['’ʼ`‐-]+[^\W_]+)*")

# The beginnings of the first line of a signature or of a quoted message.
_SIGNATURES: Final = (
    "sent from|sent via|sent with|get outlook",
    "надіслано з|надіслано із|надіслано через|надіслано за допомогою",
    "відправлено з|відправлено через",
    "отправлено с|отправлено из|отправлено через|отправлено с помощью",
    "wysłane z|wysłano z|gesendet von|envoyé de|envoyé depuis|enviado desde|inviato da",
    "regards|best regards|kind regards|warm regards|best wishes|sincerely|yours|cheers",
    "з повагою|з найкращими|с уважением|с наилучшими|pozdrawiam|mit freundlichen",
)
_SIGNATURE: Final = re.compile(
    r"[\r\n\u2028\u2029][^\S\r\n]*"  # on a later line only
    rf"(?:>|[-–—_=*~]+[^\S\r\n]*(?:[\r\n]|$)|(?:{'|'.join(_SIGNATURES)})(?![^\W_]))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class FoldedText:
    """The normalised text of a message, without its signature.

    Attributes:
        words: in capitals, with look-alike letters unified. A word with a hyphen or an apostrophe
            is one word, unless it repeats itself ("стоп-стоп").
        letters: the result of `fold`.
        length: in characters, at most `READ_MAX`.
    """

    words: list[str]
    letters: str
    is_question: bool
    length: int

    @classmethod
    def of(cls, text: str) -> "FoldedText":
        body = _without_signature(text.strip()[:READ_MAX])
        unified = _unified(body)
        return cls(_words(unified), _letters(unified), "?" in unified, len(body))


def fold(text: str) -> str:
    """Return the letters and digits of a text without separators, with look-alikes unified."""
    return _letters(_unified(text))


def fold_word(word: str) -> str:
    """Replace the digits in a word of `words` that are typed in place of a letter."""
    return word.translate(_DIGITS)


def words(text: str) -> list[str]:
    """Split a text into words in the form of `FoldedText.words`."""
    return _words(_unified(text))


def _without_signature(text: str) -> str:
    signature = _SIGNATURE.search(text)
    return text[: signature.start()] if signature else text


def _letters(unified: str) -> str:
    return "".join(filter(str.isalnum, unified)).translate(_DIGITS)


def _words(unified: str) -> list[str]:
    return [part for word in _WORD.findall(unified) for part in _parts(word)]


def _parts(word: str) -> list[str]:
    if word.isalnum():
        return [word]
    parts = _HYPHEN.split(_APOSTROPHE.sub("", word))
    return parts if len(set(parts)) == 1 else ["".join(parts)]


def _unified(text: str) -> str:
    capitals = unicodedata.normalize("NFKC", text).upper().translate(_LOOK_ALIKES)
    if capitals.isascii():
        return capitals
    apart = unicodedata.normalize("NFKD", capitals)
    bare = "".join(c for c in apart if unicodedata.category(c) not in _INVISIBLE)
    return bare.translate(_LOOK_ALIKES)
