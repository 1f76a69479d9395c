"""The fate of a message in the sandbox: the last two digits of its phone determine it.

Times are the seconds of a sandbox at ``--speed 1``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django_smsbat.gateway.message_types import TYPES, MessageType

_SMS: Final = "sms"


@dataclass(frozen=True)
class Step:
    """The status of the first channel and of the fallback, from `after` seconds on."""

    after: float
    status: str
    fallback: str = "not_used"


@dataclass(frozen=True)
class Fate:
    """The sequence of statuses of a message.

    Attributes:
        meaning: a description for users.
        steps: in order of time; empty for a message that is rejected at once.
        needs_fallback: a message without a fallback gets the fate `UNDELIVERABLE`.
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
    """Return the fate of a message: `given`, else that of its phone."""
    fate = given or BY_LAST_DIGITS.get(phone[-2:], DELIVERED)
    if not fate.needs_fallback or message.get("fallback"):
        return fate
    return DELIVERED if message.get("type") == _SMS else UNDELIVERABLE


def channel_of(kind: str) -> str:
    """Return the first channel; the API overview writes just ``viber``."""
    return TYPES[MessageType(kind)].channel if kind in TYPES else "viber"
