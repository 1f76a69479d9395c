"""The data of the sandbox's page: the messages and replies of each phone."""

from typing import Any, Final

from django_smsbat.gateway.statuses import REACHED, from_wire
from django_smsbat.sandbox.ledger import Entry, Ledger, Reply, flash_call

_PHONES_SHOWN: Final = 24
_BUBBLES_SHOWN: Final = 30


def phones(ledger: Ledger, now: float, search: str = "") -> dict[str, Any]:
    """Return the phones with the latest messages, newest first, and the total number of phones."""
    digits = "".join(c for c in search if c.isdigit())
    matches = [phone for phone in reversed(ledger.by_phone) if digits in phone]
    shown = [_phone(ledger, phone, now) for phone in matches[:_PHONES_SHOWN]]
    return {"total": len(matches), "phones": shown}


def note_reply(ledger: Ledger, phone: str, text: str, now: float) -> None:
    ledger.replies[phone].append(Reply(phone, text, now))


def _phone(ledger: Ledger, phone: str, now: float) -> dict[str, Any]:
    bubbles = [(entry.taken_at, _bubble(ledger, entry, now)) for entry in ledger.by_phone[phone]]
    bubbles += [
        (reply.at, {"kind": "reply", "text": reply.text}) for reply in ledger.replies[phone]
    ]
    bubbles.sort(key=lambda bubble: bubble[0])
    return {"phone": phone, "bubbles": [shown for _at, shown in bubbles[-_BUBBLES_SHOWN:]]}


def _bubble(ledger: Ledger, entry: Entry, now: float) -> dict[str, Any]:
    status = ledger.status(entry, now)
    fallback = entry.message.get("fallback") or {}
    by_sms = bool(status.get("fallbacks"))
    return {
        "kind": "sms" if by_sms else entry.channel,
        "type": entry.message["type"],
        "from": entry.message.get("from", ""),
        "text": fallback.get("text", "") if by_sms else entry.message.get("text", ""),
        "data": {} if by_sms else _data(entry),
        "status": status["deliverystatus"],
        "arrived": from_wire(status["deliverystatus"]) in REACHED,
    }


def _data(entry: Entry) -> Any:
    """Return the data that a phone receives: for a flash call, only the calling number."""
    if entry.channel == "flashcall":
        return {"callerId": flash_call(entry.message)["callerId"]}
    return entry.message.get("messageData", {})
