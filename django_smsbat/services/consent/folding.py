"""Incoming texts, reduced to what can be compared with a list of words.

Case, punctuation, emoji, invisible characters and look-alike letters are removed or unified. The
signature of a mail program or a phone is cut off.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

READ_MAX: Final = 300  # characters; longer messages are cut before they are read
# Capitals that look alike in Cyrillic and Latin, and the digits that are typed for a letter.
_LOOK_ALIKES: Final = str.maketrans("АВЕІЇКМНОРСТУХЅЈ", "ABEIIKMHOPCTYXSJ")
_DIGITS: Final = str.maketrans("01", "OI")
_INVISIBLE: Final = frozenset({"Mn", "Me", "Cf"})  # accents, enclosing marks, format characters
_HYPHEN: Final = re.compile(r"[-‐]")
_APOSTROPHE: Final = re.compile("['’ʼ`]")
_WORD: Final = re.compile(r"[^\W_]+(?:['’ʼ`‐-]+[^\W_]+)*")

# How the line begins that starts a signature, or a quotation of the message that is answered.
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
    """What a message says before its signature.

    Attributes:
        words: in capitals, with look-alike letters unified. A word with a hyphen or an apostrophe
            is one word, unless it repeats itself ("стоп-стоп").
        letters: the same as `fold`.
        length: characters, `READ_MAX` at most.
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
    """The letters and digits of a text, with look-alikes unified and nothing between them."""
    return _letters(_unified(text))


def fold_word(word: str) -> str:
    """A word of `words`, with the digits that are typed for a letter read as that letter."""
    return word.translate(_DIGITS)


def words(text: str) -> list[str]:
    """The words of a text, as `FoldedText` has them."""
    return _words(_unified(text))


def _without_signature(text: str) -> str:
    signature = _SIGNATURE.search(text)
    return text[: signature.start()] if signature else text


def _letters(unified: str) -> str:
    return "".join(filter(str.isalnum, unified)).translate(_DIGITS)


def _words(unified: str) -> list[str]:
    return [part for found in _WORD.findall(unified) for part in _parts(found)]


def _parts(found: str) -> list[str]:
    if found.isalnum():
        return [found]
    parts = _HYPHEN.split(_APOSTROPHE.sub("", found))
    return parts if len(set(parts)) == 1 else ["".join(parts)]


def _unified(text: str) -> str:
    capitals = unicodedata.normalize("NFKC", text).upper().translate(_LOOK_ALIKES)
    if capitals.isascii():
        return capitals
    apart = unicodedata.normalize("NFKD", capitals)
    bare = "".join(c for c in apart if unicodedata.category(c) not in _INVISIBLE)
    return bare.translate(_LOOK_ALIKES)
