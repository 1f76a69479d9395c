"""What becomes of a message: the last two digits of its phone decide.

Seconds are those of a sandbox at ``--speed 1``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django_smsbat.gateway.message_types import TYPES, MessageType

_SMS: Final = "sms"


@dataclass(frozen=True)
class Step:
    """From `after` seconds on, the first channel says `status` and the fallback says `fallback`."""

    after: float
    status: str
    fallback: str = "not_used"


@dataclass(frozen=True)
class Fate:
    """
    Attributes:
        meaning: for people.
        steps: in order of time; empty for a message that is rejected at once.
        needs_fallback: without a fallback the message takes the fate `UNDELIVERABLE`.
    """

    meaning: str
    steps: tuple[Step, ...]
    needs_fallback: bool = False

    @property
    def is_rejected(self) -> bool:
        return not self.steps


_START: Final = Step(0, "processing")

DELIVERED: Final = Fate("delivered", (_START, Step(3, "delivered")))
UNDELIVERABLE: Final = Fate("undeliverable", (_START, Step(3, "undeliverable")))
FALLEN_BACK: Final = Fate(
    "Viber fails, the SMS fallback delivers",
    (_START, Step(2, "undeliverable", "processing"), Step(4, "undeliverable", "delivered")),
    needs_fallback=True,
)
BY_LAST_DIGITS: Final[Mapping[str, Fate]] = {
    "00": UNDELIVERABLE,
    "01": Fate("expired", (_START, Step(4, "expired"))),
    "02": Fate("rejected at once", ()),
    "03": Fate("permanent error", (_START, Step(1, "permanenterror"))),
    "04": Fate("delivered, then read", (_START, Step(2, "delivered"), Step(4, "read"))),
    "05": FALLEN_BACK,
    "06": Fate("stays in processing", (_START,)),
}


def of(message: Mapping[str, Any], phone: str) -> Fate:
    """The fate of a message on the wire."""
    fate = BY_LAST_DIGITS.get(phone[-2:], DELIVERED)
    if not fate.needs_fallback or message.get("fallback"):
        return fate
    return DELIVERED if message.get("type") == _SMS else UNDELIVERABLE


def channel_of(kind: str) -> str:
    """The channel that is tried first; the API overview writes just ``viber``."""
    return TYPES[MessageType(kind)].channel if kind in TYPES else "viber"
