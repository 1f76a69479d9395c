"""Replies to incoming messages, by the channel of the incoming message."""

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
# The message class for replies by each channel. SMSBAT's incoming messages name no channel: it is
# the channel of the message that they answer. If they answer none, it is Viber, for which SMSBAT
# documents two-way messages.
_BY_CHANNEL: Final[dict[str, type[messages.ViberTransactional | messages.Sms | messages.Rcs]]] = {
    "viber": messages.ViberTransactional,
    "sms": messages.Sms,
    "rcs": messages.Rcs,
}
_TWO_WAY: Final = "viber"


def channel_of(inbound: InboundMessage) -> str:
    """Return the channel of an incoming message."""
    return _channel(inbound.in_reply_to)


def _channel(answered: Message | None) -> str:
    if answered is None:
        return _TWO_WAY
    own = TYPES[MessageType(answered.type)].channel
    channel = answered.delivered_by or own
    return channel if channel in _BY_CHANNEL else _TWO_WAY


def draft_of(inbound: InboundMessage, text: str) -> Campaign:
    """Return the reply as an unsaved campaign, for the preview."""
    return Campaign(
        type=_BY_CHANNEL[channel_of(inbound)].type.value,
        account=inbound.account,
        sender=inbound.alpha_name,
        text=text,
        is_transactional=True,
    )


@private_frames
def reply(inbound: InboundMessage, text: str, *, queue: bool = False) -> Message:
    """Reply to an incoming message.

    The reply is transactional. It is also sent to recipients who opted out, as they wrote first.
    Its sender is the alpha name to which they wrote.

    Returns:
        The row of the reply with its outcome, as `send` returns it.

    Raises:
        InvalidMessage: if the text or the phone is invalid.
        ImproperlyConfigured: if the settings lack the access to SMSBAT.
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
    """Return whether a message (with that text, if given) was sent to the phone in the last minute.

    A further message is then probably a second click.
    """
    since = (now or timezone.now()) - _TWICE
    sent = Message.objects.filter(to=phone, campaign=None, created_at__gt=since)
    sent = sent.exclude(status__in=[status.value for status in FAILURES])  # these may be retried
    if text is not None:
        sent = sent.filter(text=with_line_feeds(text))
    return sent.exists()


def confirm(change: ConsentChange, words: str, now: datetime) -> None:
    """Confirm to a person that their keyword was applied, at most once per hour.

    The confirmation is sent only if this account has sent them a message, and from the sender of
    that message: a forged callback may name any phone and any sender. The number of confirmations
    per account and hour is limited.
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
    """Return the last message to that phone that SMSBAT accepted from the account."""
    sent = Message.objects.filter(to=inbound.phone, account=inbound.account)
    taken = sent.exclude(submitted_at=None).exclude(status=Status.REJECTED.value)
    return taken.order_by("-id").first()
