"""Answers to what customers write, by the channel on which it came."""

import logging
from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from django_smsbat.gateway import messages
from django_smsbat.gateway.message_types import TYPES, MessageType
from django_smsbat.gateway.messages import InvalidMessage
from django_smsbat.gateway.private_frames import private_frames
from django_smsbat.gateway.statuses import FAILURES, Status
from django_smsbat.gateway.text import with_line_feeds
from django_smsbat.models import Campaign, ConsentChange, InboundMessage, Message
from django_smsbat.services import callback_limits
from django_smsbat.services.accounts.registry import sender_or_default
from django_smsbat.services.callback_limits import Effect, LimitReached
from django_smsbat.services.sending import single

logger = logging.getLogger("django_smsbat")

_TWICE: Final = timedelta(minutes=1)
_CONFIRMED_ONCE_IN: Final = timedelta(hours=1)
# What answers on a channel. SMSBAT's incoming messages name none: it is that of what they answer,
# and Viber, for which two-way messages are documented, where they answer nothing.
_BY_CHANNEL: Final[dict[str, type[messages.ViberTransactional | messages.Sms | messages.Rcs]]] = {
    "viber": messages.ViberTransactional,
    "sms": messages.Sms,
    "rcs": messages.Rcs,
}
_TWO_WAY: Final = "viber"


def channel_of(inbound: InboundMessage) -> str:
    """The channel on which it came."""
    return _channel(inbound.in_reply_to)


def _channel(answered: Message | None) -> str:
    if answered is None:
        return _TWO_WAY
    own = TYPES[MessageType(answered.type)].channel
    channel = answered.delivered_by or own
    return channel if channel in _BY_CHANNEL else _TWO_WAY


def draft_of(inbound: InboundMessage, text: str) -> Campaign:
    """The answer as it would be sent, to be looked at; nothing is stored."""
    return Campaign(
        type=_BY_CHANNEL[channel_of(inbound)].type.value,
        account=inbound.account,
        sender=inbound.alpha_name,
        text=text,
        is_transactional=True,
    )


@private_frames
def reply(inbound: InboundMessage, text: str, *, queue: bool = False) -> Message:
    """Answer an incoming message; the row of the answer, with its outcome as `send` returns it.

    It is transactional, also to who has opted out: they wrote first. The sender is the alpha name
    that they wrote to.

    Raises:
        InvalidMessage: when the text, or the phone that they wrote from, cannot be sent to.
        ImproperlyConfigured: when the settings do not say how to reach SMSBAT.
    """
    return _send(inbound, text, channel_of(inbound), inbound.alpha_name, queue=queue)


def _send(inbound: InboundMessage, text: str, channel: str, sender: str, *, queue: bool) -> Message:
    sender = sender_or_default(sender, inbound.account)
    message = _BY_CHANNEL[channel](to=inbound.phone, text=text, sender=sender)
    answer = single.send(message, queue=queue, account=inbound.account)
    inbound.answer = answer
    inbound.save(update_fields=["answer"])
    return answer


def was_sent_lately(phone: str, text: str | None = None, now: datetime | None = None) -> bool:
    """Whether something, or just that, was sent there so shortly ago that it was a second click."""
    since = (now or timezone.now()) - _TWICE
    sent = Message.objects.filter(to=phone, campaign=None, created_at__gt=since)
    sent = sent.exclude(status__in=[status.value for status in FAILURES])  # that may be tried again
    if text is not None:
        sent = sent.filter(text=with_line_feeds(text))
    return sent.exists()


def confirm(change: ConsentChange, words: str, now: datetime) -> None:
    """Tell a person that their keyword was applied, once in an hour at most.

    Only if this account has sent them a message, and by its sender: a forged callback may name any
    phone and any sender. The account sends a limited number in an hour.
    """
    inbound = change.inbound
    lately = ConsentChange.objects.filter(
        recipient=change.recipient_id, confirmed=True, recorded_at__gt=now - _CONFIRMED_ONCE_IN
    )
    if inbound is None or lately.exists():
        return
    answered = _last_sent(inbound)
    if answered is None:
        return
    try:
        callback_limits.consume(Effect.CONFIRMATIONS, inbound.account, now)
        _send(inbound, words, _channel(answered), answered.sender, queue=True)
    except LimitReached as reached:
        callback_limits.count_refusal(reached, now)
        return
    except InvalidMessage as error:
        logger.error("a change of consent could not be confirmed: %s", error)
        return
    change.confirmed = True
    change.save(update_fields=["confirmed"])


def _last_sent(inbound: InboundMessage) -> Message | None:
    """The last message to that phone that SMSBAT took from the account."""
    sent = Message.objects.filter(to=inbound.phone, account=inbound.account)
    taken = sent.exclude(submitted_at=None).exclude(status=Status.REJECTED.value)
    return taken.order_by("-id").first()
