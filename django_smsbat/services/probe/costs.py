"""The maximum cost of a probe, as far as prices are known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django_smsbat.gateway.message_types import TYPES, MessageType
from django_smsbat.models import Message
from django_smsbat.services.probe.messages import PlannedMessage

_RECENT: Final = 1_000  # number of latest messages from which prices are taken


@dataclass(frozen=True)
class Price:
    """The price of a part. The currency is empty if it is unknown."""

    amount: Decimal
    currency: str = ""


@dataclass(frozen=True)
class CostEstimate:
    """The maximum cost of a probe.

    Attributes:
        parts: billable parts if no fallback is sent.
        fallback_parts: parts of the SMS fallbacks, which are sent only for failed messages.
        amounts: the known part of the cost, by currency.
        unpriced: billable parts without a known price, by type.
    """

    messages: int
    parts: int
    fallback_parts: int
    amounts: Mapping[str, Decimal]
    unpriced: Mapping[MessageType, int]


def estimate(
    planned: Sequence[PlannedMessage], prices: Mapping[MessageType, Price]
) -> CostEstimate:
    """Return the maximum cost of these messages, each with its fallback."""
    fallback_parts = sum(one.fallback_parts for one in planned)
    amounts: dict[str, Decimal] = {}
    unpriced: dict[MessageType, int] = {}
    billed = [(one.type, one.parts) for one in planned] + [(MessageType.SMS, fallback_parts)]
    for kind, parts in billed:
        price = prices.get(kind)
        if price is None and parts:
            unpriced[kind] = unpriced.get(kind, 0) + parts
        elif price is not None and parts:
            total = amounts.get(price.currency, Decimal()) + price.amount * parts
            amounts[price.currency] = total
    parts = sum(one.parts for one in planned)
    return CostEstimate(len(planned), parts, fallback_parts, amounts, unpriced)


def learned_prices(account: str) -> dict[MessageType, Price]:
    """Return the highest recently billed price per part, by type.

    Messages delivered by a fallback channel are excluded: their cost includes that channel.
    """
    recent = Message.objects.filter(account=account).order_by("-pk")
    columns = recent.values_list("type", "cost", "parts", "currency", "delivered_by")
    prices: dict[MessageType, Price] = {}
    for kind, cost, parts, currency, delivered_by in columns[:_RECENT]:
        if not cost or delivered_by != TYPES[MessageType(kind)].channel:
            continue
        price = Price(cost / (parts or 1), currency)
        known = prices.get(MessageType(kind))
        if known is None or price.amount > known.amount:
            prices[MessageType(kind)] = price
    return prices
