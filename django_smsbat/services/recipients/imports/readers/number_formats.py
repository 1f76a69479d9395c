"""Numbers of a workbook as Excel displays them.

A format with fixed digits, decimals or percents produces text. Colours, currencies and thousands
separators are omitted, as they are not part of the value. The signs of a mask such as
``(000) 000-00-00`` are retained. Unsupported formats (fractions, exponents, conditions) do not
change the number, which has the 15 digits that Excel stores.
"""

import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache, partial
from typing import Final

Number = int | float
_Render = Callable[[Number], "Number | str"]

_EXACT_MAX: Final = 10**15  # a workbook stores 15 digits
_TOKEN: Final = re.compile(r'"([^"]*)"|\\(.)|[_*].|\[[^\[\]]*\]|(.)', re.DOTALL)
_MASK_SIGNS: Final = frozenset("+0123456789() -./")
_PLACEHOLDERS: Final = frozenset("0#?")
_UNKNOWN: Final = re.compile(r"[Ee@/]|General|,(?![#0?])", re.IGNORECASE)
_CONDITION: Final = re.compile(r"\[[<>=]")


def displayed(number: Number, code: str) -> Number | str:
    """Return the number as a cell with this number format displays it."""
    if code == "General" or abs(number) >= _EXACT_MAX:
        return general(number)
    return _renderer(code)(number)


def general(number: Number) -> Number:
    """Return the number with 15 significant digits; a whole number as an integer."""
    if isinstance(number, int) or abs(number) >= _EXACT_MAX:
        return number
    rounded = float(f"{number:.15g}")
    return int(rounded) if rounded.is_integer() else rounded


@lru_cache(maxsize=1_000)
def _renderer(code: str) -> _Render:
    section = _section(code)
    parts = [(literal or escaped, sign) for literal, escaped, sign in _TOKEN.findall(section)]
    signs = "".join(sign for _literal, sign in parts)
    if _CONDITION.search(code) or _UNKNOWN.search(signs) or not _PLACEHOLDERS & set(signs):
        return general
    whole, point, decimals = signs.replace(",", "").partition(".")
    digits = sum(map(decimals.count, _PLACEHOLDERS))
    if "%" in signs:
        return partial(_percent, digits=digits, least=decimals.count("0"))
    if point:
        return partial(_fixed, digits=digits, least=decimals.count("0"), zeros=whole.count("0"))
    return _whole(parts, "," in signs)


def _section(code: str) -> str:
    """Return the first section of a format. The others apply to negative numbers, zero and text."""
    for token in _TOKEN.finditer(code):
        if token[3] == ";":
            return code[: token.start()]
    return code


def _whole(parts: list[tuple[str, str]], is_grouped: bool) -> _Render:
    mask = "".join(literal or ("\0" if sign in _PLACEHOLDERS else sign) for literal, sign in parts)
    zeros = sum(sign == "0" for _literal, sign in parts)
    shown = mask.replace("\0", "").strip()
    if shown and set(shown) <= _MASK_SIGNS and not is_grouped:
        return partial(_masked, mask=mask.strip(), zeros=zeros)
    return partial(_padded, zeros=zeros) if zeros > 1 else _integer


def _rounded(number: Number, digits: int) -> Decimal:
    exponent = Decimal(1).scaleb(-min(digits, 12))
    return Decimal(f"{number:.15g}").quantize(exponent, ROUND_HALF_UP)


def _integer(number: Number) -> Number:
    return int(_rounded(number, 0))


def _padded(number: Number, *, zeros: int) -> str:
    return f"{_integer(number):0{zeros + (number < 0)}d}"


def _fixed(number: Number, *, digits: int, least: int, zeros: int = 1) -> str:
    text = f"{_rounded(number, digits):f}"
    optional = min(digits, 12) - least
    if optional > 0:
        kept = text[:-optional] + text[-optional:].rstrip("0")
        text = kept.rstrip(".")
    sign, text = ("-", text[1:]) if text.startswith("-") else ("", text)
    whole, point, decimals = text.partition(".")
    return f"{sign}{whole.zfill(zeros)}{point}{decimals}"


def _percent(number: Number, *, digits: int, least: int) -> str:
    return f"{_fixed(number * 100, digits=digits, least=least)}%"


def _masked(number: Number, *, mask: str, zeros: int) -> str:
    """Fill a mask from right to left. Excess digits precede the first placeholder."""
    digits = [*f"{abs(_integer(number)):0{zeros}d}"]
    left = mask.count("\0")
    shown: list[str] = []
    for sign in reversed(mask):
        if sign != "\0":
            shown.append(sign)
            continue
        left -= 1
        while digits:
            shown.append(digits.pop())
            if left:
                break
    return ("-" if number < 0 else "") + "".join(reversed(shown))
