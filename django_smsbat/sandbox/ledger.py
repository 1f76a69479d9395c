"""The messages that the sandbox has accepted, and their status at a given time.

All data is in memory and lost at exit, unless a journal stores it. Times are seconds of the
sandbox's own clock.
"""

import secrets
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from django_smsbat.gateway.message_types import FLASH_CALL_DIGITS, FLASH_CALL_TTL
from django_smsbat.gateway.sms_parts import count_parts
from django_smsbat.sandbox import fates
from django_smsbat.sandbox.fates import Fate, Step
from django_smsbat.sandbox.validation import phone_of

CURRENCY: Final = "USD"
PRICES: Final[Mapping[str, float]] = {"sms": 0.05, "viber": 0.02, "rcs": 0.03, "flashcall": 0.01}


@dataclass(frozen=True)
class Entry:
    """One message that was accepted, or rejected at once."""

    message_id: str
    messagelist_id: int
    phone: str
    message: Mapping[str, Any]
    fate: Fate
    taken_at: float

    @property
    def channel(self) -> str:
        return fates.channel_of(self.message["type"])

    @property
    def has_fallback(self) -> bool:
        return bool(self.message.get("fallback"))


@dataclass
class Reply:
    """A reply from one of the sandbox's phones."""

    phone: str
    text: str
    at: float


@dataclass
class Ledger:
    """All entries by id and by phone, and the number of requests.

    Args:
        speed: how many times faster than on a phone network the statuses change.
        given: explicit fates by phone, which override the last digits.
    """

    speed: float = 1.0
    given: dict[str, Fate] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)
    by_phone: dict[str, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    replies: dict[str, list[Reply]] = field(default_factory=lambda: defaultdict(list))
    requests: Counter[str] = field(default_factory=Counter)
    _last_list: int = field(default_factory=lambda: 700_000 + secrets.randbelow(100_000))

    def take(self, messages: Sequence[Mapping[str, Any]], now: float) -> list[Entry]:
        """Add the messages of one request."""
        self._last_list += 1
        return [
            self.enter(secrets.token_hex(8), self._last_list, message, now) for message in messages
        ]

    def enter(self, message_id: str, list_id: int, message: Mapping[str, Any], now: float) -> Entry:
        """Add one message; also one that was accepted before this program started."""
        phone = phone_of(message)
        fate = fates.of(message, phone, self.given.get(phone))
        entry = Entry(message_id, list_id, phone, message, fate, now)
        self.entries[message_id] = entry
        # Moved to the end: phones are in the order of their last message.
        self.by_phone[phone] = [*self.by_phone.pop(phone, []), entry]
        return entry

    def hasten(self, entry: Entry) -> Entry:
        """Shift the message in time so that it has already reached its final status."""
        age = entry.fate.steps[-1].after / self.speed
        hastened = replace(entry, taken_at=entry.taken_at - age)
        self.entries[entry.message_id] = hastened
        own = self.by_phone[entry.phone]
        own[own.index(entry)] = hastened
        return hastened

    def step(self, entry: Entry, now: float) -> Step:
        """Return the current step of the message."""
        age = (now - entry.taken_at) * self.speed
        return [step for step in entry.fate.steps if step.after <= age][-1]

    def moments(self, entry: Entry) -> Iterator[float]:
        """Return the times of its status changes, in seconds after the message was accepted."""
        return (step.after / self.speed for step in entry.fate.steps[1:])

    def answer(self, entries: Sequence[Entry]) -> dict[str, Any]:
        """Return the response to a send; the API overview's is the shorter one."""
        if "recipient" in entries[0].message:
            return {"messages": [_overview_answer(entry) for entry in entries]}
        return {
            "messagelistId": entries[0].messagelist_id,
            "messages": [_answer(entry) for entry in entries],
        }

    def status(self, entry: Entry, now: float) -> dict[str, Any]:
        """Return the response to a status request."""
        if entry.fate.is_rejected:
            return {"messageId": entry.message_id, "deliverystatus": "rejected"}
        step = self.step(entry, now)
        fallen_back = step.fallback != "not_used"
        extra = _status_with_fallback(entry, step) if entry.has_fallback else {}
        channel = "sms" if fallen_back else entry.channel
        parts = parts_of(entry, by_fallback=fallen_back)
        return {
            "messagelistId": entry.messagelist_id,
            "messageId": entry.message_id,
            "deliverystatus": step.fallback if fallen_back else step.status,
            "partscount": parts,
            "cost": round(PRICES[channel] * parts, 4),
            **extra,
        }


def parts_of(entry: Entry, *, by_fallback: bool = False) -> int:
    """Return the parts of an SMS; any other message has one."""
    source = entry.message.get("fallback", {}) if by_fallback else entry.message
    text = source.get("text", "") if by_fallback or entry.channel == "sms" else ""
    return max(1, count_parts(text).parts)


def _answer(entry: Entry) -> dict[str, Any]:
    rejected = entry.fate.is_rejected
    answer: dict[str, Any] = {
        "messageId": entry.message_id,
        "status": "rejected" if rejected else "accepted",
        "parts": 0 if rejected else parts_of(entry),
        "to": entry.phone,
    }
    if "customerMessageId" in entry.message:
        answer["customerMessageId"] = entry.message["customerMessageId"]
    if entry.channel == "flashcall" and not rejected:
        answer |= flash_call(entry.message)
    return answer


def _overview_answer(entry: Entry) -> dict[str, Any]:
    status = "rejected" if entry.fate.is_rejected else "sent"
    return {"messageId": entry.message_id, "recipient": entry.phone, "status": status}


def flash_call(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return the calling number, taken from the message, and its visible digits."""
    caller = str((message.get("messageData") or {}).get("callerId", ""))
    pattern = "***" + caller[-FLASH_CALL_DIGITS:]
    return {"callerId": caller, "pattern": pattern, "ttl": message.get("ttl", FLASH_CALL_TTL)}


def _status_with_fallback(entry: Entry, step: Step) -> dict[str, Any]:
    fallen_back = step.fallback != "not_used"
    price = PRICES["sms" if fallen_back else entry.channel]
    amount = round(price * parts_of(entry, by_fallback=fallen_back), 4)
    return {
        "fallbacks": [{"type": "sms", "status": step.fallback}] if fallen_back else [],
        "extendedStatuses": {entry.channel: step.status, "sms": step.fallback},
        "rate": price,
        "rateAmount": amount,
        "rateCurrency": CURRENCY,
        "billAmount": amount,
        "billCurrency": CURRENCY,
    }
