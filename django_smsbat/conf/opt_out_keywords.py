"""The default opt-out keywords, and how much text may follow each of them."""

from enum import StrEnum
from typing import Final


class Beside(StrEnum):
    """The text that may follow a keyword in a message that opts its sender out.

    Courtesy ("please", "дякую"), repetitions of keywords and a signature may always follow.
    """

    FEW_WORDS = "a few words"
    COURTESY = "courtesy only"  # the keyword is also part of ordinary sentences


OPT_OUT_KEYWORDS: Final[dict[str, Beside]] = {
    "STOP": Beside.FEW_WORDS,
    "STOPALL": Beside.FEW_WORDS,
    "UNSUBSCRIBE": Beside.FEW_WORDS,
    "OPT OUT": Beside.FEW_WORDS,
    "OPTOUT": Beside.FEW_WORDS,
    "СТОП": Beside.FEW_WORDS,
    "ВІДПИСАТИСЬ": Beside.FEW_WORDS,
    "ВІДПИСАТИСЯ": Beside.FEW_WORDS,
    "ВІДПИСКА": Beside.FEW_WORDS,
    "ОТПИСАТЬСЯ": Beside.FEW_WORDS,
    "ОТПИСКА": Beside.FEW_WORDS,
    "CANCEL": Beside.COURTESY,
    "END": Beside.COURTESY,
    "QUIT": Beside.COURTESY,
    "REVOKE": Beside.COURTESY,
    "ВІДПИСАТИ": Beside.COURTESY,
    "ВІДМОВА": Beside.COURTESY,
}
