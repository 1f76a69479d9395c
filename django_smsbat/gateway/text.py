"""Normalise text: invisible characters and line breaks.

Texts and values pass through this module before they are checked, counted, shown or sent, so that
all four agree.
"""

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from operator import is_
from typing import Any, Final

# First and last code of each range: categories Cc, Cf, Zs, Zl and Zp, the fillers among letters,
# symbols and marks, the variation selectors, and reserved codes that are rendered as nothing.
# Visible signs of category Cf, such as U+0600 before Arabic numbers, are excluded.
_RANGES: Final = (
    (0x00, 0x20),
    (0x7F, 0xA0),
    (0xAD, 0xAD),
    (0x34F, 0x34F),
    (0x61C, 0x61C),
    (0x115F, 0x1160),
    (0x1680, 0x1680),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x2000, 0x200F),
    (0x2028, 0x202F),
    (0x205F, 0x206F),
    (0x2800, 0x2800),
    (0x3000, 0x3000),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFFB),
    (0x13430, 0x1345F),
    (0x16FE4, 0x16FE4),
    (0x1BCA0, 0x1BCA3),
    (0x1D159, 0x1D159),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE0FFF),
)
INVISIBLE: Final = frozenset(
    chr(code) for first, last in _RANGES for code in range(first, last + 1)
)
_STRIPPED: Final = "".join(INVISIBLE)
_BLANK_START: Final = INVISIBLE | {""}
# These modify the preceding character: variation selectors, and the tags of a flag.
_ATTACHED: Final = "\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0020-\U000e007f\U000e0100-\U000e01ef"
_ATTACHED_RUN: Final = re.compile(f"[{_ATTACHED}]*")
# Joiners combine several emoji into one and shape letters of other scripts; among Latin and
# Cyrillic letters they have no effect.
_JOINER: Final = "[\u200c\u200d]"
_CLASS: Final = "".join(f"{chr(first)}-{chr(last)}" for first, last in _RANGES if first)
_NOT_TEXT: Final = (int, float)
_REMOVABLE: Final = re.compile(
    f"(?<=[\x00-\u05ff]){_JOINER}|(?!{_JOINER})(?![{_ATTACHED}])[\x00-\x09\x0b\x0c\x0e-\x1f{_CLASS}]"
)


def visible(text: str) -> str:
    """Strip invisible characters from the ends of a text; empty if nothing is visible.

    Nothing is removed inside the text. A variation selector or tag that belongs to the last visible
    character stays.
    """
    text = text.strip()
    if not text or (text[0] not in INVISIBLE and text[-1] not in INVISIBLE):
        return text
    core = text.strip(_STRIPPED)
    if not core:
        return ""
    end = text.index(core) + len(core)
    attached = _ATTACHED_RUN.match(text, end)
    return core + (attached[0] if attached else "")


def is_blank(text: str) -> bool:
    """Whether the text has no visible character."""
    return text[:1] in _BLANK_START and not visible(text)


def without_invisible(text: str) -> str:
    """Return a text that looks the same, with plain spaces and without invisible characters.

    Joiners and selectors stay if they shape an emoji or a letter.
    """
    return _REMOVABLE.sub(lambda match: " " if match[0].isspace() else "", text)


def removable(text: str) -> tuple[str, ...]:
    """Return the characters that `without_invisible` removes or replaces, each once."""
    return tuple(dict.fromkeys(_REMOVABLE.findall(text)))


def with_line_feeds(text: str) -> str:
    """Replace each line break by LF: CR LF and CR cost more characters or show as two breaks."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def plain_texts(value: Any) -> Any:
    """Return the same structure with plain texts: `str` for lazy translations, LF line breaks.

    Supports texts, lists, mappings and data classes; a value that needs no change is returned as it
    is.
    """
    if isinstance(value, str):
        return with_line_feeds(value) if "\r" in value else value
    if value is None or isinstance(value, _NOT_TEXT):
        return value
    if isinstance(value, dict):
        return _plain_mapping(value)
    return _other_plain(value)


def _plain_mapping(mapping: Mapping[Any, Any]) -> Mapping[Any, Any]:
    changes = {
        key: changed for key, item in mapping.items() if (changed := plain_texts(item)) is not item
    }
    return {**mapping, **changes} if changes else mapping


def _other_plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        items = [plain_texts(item) for item in value]
        if all(map(is_, items, value)):
            return value
        return items if isinstance(value, list) else tuple(items)
    if isinstance(value, Mapping):
        return _plain_mapping(value)
    if is_dataclass(value) and not isinstance(value, type):
        return _plain_dataclass(value)
    return with_line_feeds(str(value)) if _is_lazy_text(value) else value


def _is_lazy_text(value: object) -> bool:
    """Whether it has the methods of a string, as Django's lazy translations do."""
    return hasattr(type(value), "casefold")


def _plain_dataclass(owner: Any) -> Any:
    values = {one.name: getattr(owner, one.name) for one in fields(owner) if one.init}
    changed = plain_texts(values)
    return owner if changed is values else replace(owner, **changed)
