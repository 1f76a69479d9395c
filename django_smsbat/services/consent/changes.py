"""Opting out and in. Every change is stored with its reason; the latest change is in force.

Recipients who have opted out get no promotional messages: the launch and the claim check
`Recipient.opted_out_at`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from django_smsbat import signals
from django_smsbat.gateway.private_frames import private_frames
from django_smsbat.models import ConsentChange, ConsentSource, InboundMessage, Recipient
from django_smsbat.services import signal_dispatch
from django_smsbat.services.consent import suppression

REASON_MAX: Final = 200  # characters
BY_KEYWORD: Final = Q(source=ConsentSource.KEYWORD)


@dataclass(frozen=True, kw_only=True)
class ConsentReason:
    """The source of and the reason for a change of consent.

    Attributes:
        reason: the recipient's message, or the text that a user entered.
        at: when the recipient decided; None for now.
        entered_by: the login of the user who entered the change.
        account: for a keyword, the account to which it was sent.
    """

    source: ConsentSource = ConsentSource.CODE
    reason: str = field(default="", repr=False)
    inbound: InboundMessage | None = None
    entered_by: str = ""
    at: datetime | None = None
    account: str = ""


@private_frames
def opt_out(
    recipient: Recipient, origin: ConsentReason = ConsentReason(), now: datetime | None = None
) -> bool:
    """Opt a recipient out of promotional messages.

    Returns:
        Whether the consent changed. The change is stored in any case. A recipient who opted in
        later than `at` stays opted in, unless they did by keyword: a keyword undoes only keywords.
    """
    return _change(recipient, origin, now or timezone.now(), is_opt_out=True) is not None


@private_frames
def opt_in(
    recipient: Recipient, origin: ConsentReason = ConsentReason(), now: datetime | None = None
) -> bool:
    """Opt a recipient back in. A recipient who opted out later than `at` stays opted out.

    Returns:
        Whether the consent changed. The change is stored in any case.
    """
    return _change(recipient, origin, now or timezone.now(), is_opt_out=False) is not None


def opt_out_sender(inbound: InboundMessage, entered_by: str, now: datetime | None = None) -> bool:
    """Opt out the sender of a message by the decision of a user of this site.

    Returns:
        Whether the consent changed.
    """
    if inbound.recipient is None:
        return False
    origin = ConsentReason(
        source=ConsentSource.PERSON,
        reason=inbound.text.strip(),
        inbound=inbound,
        entered_by=entered_by,
    )
    return opt_out(inbound.recipient, origin, now)


def heed_keyword(
    inbound: InboundMessage, now: datetime, *, is_opt_out: bool
) -> ConsentChange | None:
    """Apply the keyword of an incoming message.

    An opt-in keyword undoes only opt-outs by keyword to the same account: anyone with the webhook
    secret of an account can forge a keyword.

    Returns:
        The change; None if the consent did not change.
    """
    if inbound.recipient is None:
        return None
    origin = ConsentReason(
        source=ConsentSource.KEYWORD,
        reason=inbound.text.strip(),
        inbound=inbound,
        at=inbound.received_at,
        account=inbound.account,
    )
    return _change(inbound.recipient, origin, now, is_opt_out=is_opt_out)


def _change(
    recipient: Recipient, origin: ConsentReason, now: datetime, *, is_opt_out: bool
) -> ConsentChange | None:
    at = min(origin.at or now, now)  # a clock that is ahead must not override later changes
    with transaction.atomic():
        locked = Recipient.objects.select_for_update().get(pk=recipient.pk)
        is_outdated = _is_outdated(locked, origin, at)
        change = ConsentChange.objects.create(
            recipient=locked,
            is_opt_out=is_opt_out,
            source=origin.source,
            reason=origin.reason[:REASON_MAX],
            inbound=origin.inbound,
            entered_by=origin.entered_by,
            account=origin.account,
            at=at,
            recorded_at=now,
        )
        _clear_flags(locked, origin, at, is_opt_out=is_opt_out)
        if is_outdated or is_opt_out == (locked.opted_out_at is not None):
            return None
        if origin.source is ConsentSource.KEYWORD and not is_opt_out and _is_barred(locked, origin):
            return None
        recipient.opted_out_at = locked.opted_out_at = at if is_opt_out else None
        locked.save(update_fields=["opted_out_at"])
        if not is_opt_out:
            suppression.lift(locked.phone)
        signal_dispatch.after_commit(
            signals.recipient_opted_out if is_opt_out else signals.recipient_opted_in,
            [{"recipient": locked, "change": change}],
            sender=Recipient,
        )
    return change


def _clear_flags(
    recipient: Recipient, origin: ConsentReason, at: datetime, *, is_opt_out: bool
) -> None:
    """Clear the opt-out flags of earlier messages, which need no decision any more.

    An opt-in keyword clears only the flags of messages to the same account.
    """
    flagged = InboundMessage.objects.filter(recipient=recipient, may_be_opt_out=True)
    if origin.source is ConsentSource.KEYWORD and not is_opt_out:
        flagged = flagged.filter(account=origin.account)
    flagged.filter(received_at__lte=at).update(may_be_opt_out=False)


def _is_outdated(recipient: Recipient, origin: ConsentReason, at: datetime) -> bool:
    """Return whether a later change is in force instead.

    A keyword to another account does not outdate a keyword. An opt-in keyword outdates only
    keywords to the same account.
    """
    later = ConsentChange.objects.filter(recipient=recipient, at__gt=at)
    if origin.source is ConsentSource.KEYWORD:
        later = later.filter(~BY_KEYWORD | Q(account=origin.account))
    else:
        later = later.exclude(BY_KEYWORD & Q(is_opt_out=False))
    is_later = recipient.opted_out_at is not None and recipient.opted_out_at > at
    return is_later or later.exists()


def _is_barred(recipient: Recipient, origin: ConsentReason) -> bool:
    """Return whether an opt-out is in force that a keyword to this account cannot undo."""
    changes = ConsentChange.objects.filter(recipient=recipient)
    keywords = changes.filter(BY_KEYWORD)
    by_others = _latest(changes.exclude(BY_KEYWORD))
    if by_others is not None:
        if by_others.is_opt_out:
            return True
        keywords = keywords.filter(at__gte=by_others.at)
    # An opt-out without a keyword at its time was set by code, or the person was erased.
    opt_outs = keywords.filter(is_opt_out=True)
    is_by_keyword = opt_outs.filter(at__in=[recipient.opted_out_at]).exists()
    if not is_by_keyword or suppression.since(recipient.phone) is not None:
        return True
    accounts = keywords.exclude(account=origin.account).order_by().values_list("account", flat=True)
    latest = (_latest(keywords.filter(account=account)) for account in accounts.distinct())
    return any(change is not None and change.is_opt_out for change in latest)


def _latest(changes: QuerySet[ConsentChange]) -> ConsentChange | None:
    return changes.order_by("-at", "-id").first()
