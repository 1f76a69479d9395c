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
BY_NAME: Final[Mapping[str, Fate]] = {
    "delivered": DELIVERED,
    "undeliverable": UNDELIVERABLE,
    "expired": Fate("expired", (_START, Step(4, "expired"))),
    "rejected": Fate("rejected at once", ()),
    "failed": Fate("permanent error", (_START, Step(1, "permanenterror"))),
    "read": Fate("delivered, then read", (_START, Step(2, "delivered"), Step(4, "read"))),
    "fallback": FALLEN_BACK,
    "processing": Fate("stays in processing", (_START,)),
}
BY_LAST_DIGITS: Final[Mapping[str, Fate]] = {
    "00": BY_NAME["undeliverable"],
    "01": BY_NAME["expired"],
    "02": BY_NAME["rejected"],
    "03": BY_NAME["failed"],
    "04": BY_NAME["read"],
    "05": BY_NAME["fallback"],
    "06": BY_NAME["processing"],
}


def of(message: Mapping[str, Any], phone: str, given: Fate | None = None) -> Fate:
    """The fate of a message on the wire: the given one, else that of its phone."""
    fate = given or BY_LAST_DIGITS.get(phone[-2:], DELIVERED)
    if not fate.needs_fallback or message.get("fallback"):
        return fate
    return DELIVERED if message.get("type") == _SMS else UNDELIVERABLE


def channel_of(kind: str) -> str:
    """The channel that is tried first; the API overview writes just ``viber``."""
    return TYPES[MessageType(kind)].channel if kind in TYPES else "viber"
