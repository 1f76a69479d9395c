"""Whether a message is the keyword by which somebody opts out, or in again.

The keyword has to be the whole message. Case, punctuation, spaces and letters that only look like
others are forgiven: who wants to be left alone should not have to spell it.
"""

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from django_smsbat import conf

_LONGEST: Final = 100  # characters of a message that could be a keyword, with all its punctuation
# Capitals that look alike in Cyrillic and Latin, and the digits that are typed for a letter.
_LOOK_ALIKES: Final = str.maketrans("АВЕІЇКМНОРСТУХЅЈ01", "ABEIIKMHOPCTYXSJOI")


def fold(text: str) -> str:
    """The letters and digits of a text, with everything forgiven that may be."""
    capitals = unicodedata.normalize("NFKC", text).upper()
    bare = unicodedata.normalize("NFKD", capitals.translate(_LOOK_ALIKES))
    return "".join(c for c in bare if c.isalnum()).translate(_LOOK_ALIKES)


def asks_to_opt_out(text: str) -> bool | None:
    """True for a keyword that opts out, False for one that opts in, None for any other message."""
    if len(text) > _LONGEST:
        return None
    said, settings = fold(text), conf.current()
    if said in _folded(settings.opt_out_keywords):  # where a word stands in both, it opts out
        return True
    return False if said in _folded(settings.opt_in_keywords) else None


@lru_cache(maxsize=8)
def _folded(keywords: Iterable[str]) -> frozenset[str]:
    return frozenset(filter(None, map(fold, keywords)))
