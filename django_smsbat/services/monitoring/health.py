"""Health check: heartbeats, overdue messages and e-mails, and problems with their remedies."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Min, Q, QuerySet

from django_smsbat import conf
from django_smsbat.gateway.statuses import IN_DELIVERY, UNSENT, Status
from django_smsbat.models import (
    Backoff,
    Campaign,
    CampaignStatus,
    EmailState,
    FallbackEmail,
    Heartbeat,
    HeartbeatName,
    Message,
    StatusEvent,
)
from django_smsbat.models.message import MessageQuerySet
from django_smsbat.services import callback_limits
from django_smsbat.services.callback_limits import Effect
from django_smsbat.services.sending import claiming

_SEND_LATE: Final = timedelta(minutes=10)
_POLL_LATE: Final = timedelta(minutes=15)
_CALLBACK_LATE: Final = timedelta(hours=1)
_EMAIL_TRIES: Final = 3
_COUNT_MAX: Final = 100_000  # counting stops here: the result means "at least"


@dataclass(frozen=True)
class Health:
    """The state of the site's messaging. Counts stop at 100,000.

    Attributes:
        last_status_callback, last_inbound, last_send, last_sync: the last heartbeats, accurate to
            half a minute; None for never.
        queued: messages that are ready to send.
        overdue: messages whose poll is more than 15 minutes late.
        overdue_since: when the first of these polls was due.
        silent: sending messages whose lease expired more than 10 minutes ago.
        unconfirmed: messages that SMSBAT may or may not have accepted.
        orphans: reports that match no message.
        emails_waiting, emails_late, emails_in_doubt, emails_failed: fallback e-mails by state; late
            e-mails are queued ones that the mail server has refused three times.
        held_back_until: end of the back-off, by kind of request.
        paused: reasons of the campaigns that paused themselves, by key.
        refused_senders: incoming messages of unknown senders refused within the hour.
        refused_reports: reports of unknown messages refused within the hour.
        withheld_confirmations: opt-out confirmations not sent within the hour.
        unknown_accounts: accounts of waiting messages that the settings do not contain.
        problems: a sentence for each problem that needs attention; empty if all is well.
    """

    last_status_callback: datetime | None
    last_inbound: datetime | None
    last_send: datetime | None
    last_sync: datetime | None
    queued: int
    overdue: int
    overdue_since: datetime | None
    silent: int
    unconfirmed: int
    orphans: int
    emails_waiting: int
    emails_late: int
    emails_in_doubt: int
    emails_failed: int
    held_back_until: dict[str, datetime]
    paused: dict[int, str]
    unknown_accounts: list[str]
    refused_senders: int
    refused_reports: int
    withheld_confirmations: int
    problems: list[str] = field(default_factory=list)


def look(now: datetime) -> Health:
    """Check the health of the site's messaging."""
    pulses = dict(Heartbeat.objects.values_list("name", "at"))
    overdue = Message.objects.filter(next_poll_at__lt=now - _POLL_LATE)
    held_back = Backoff.objects.filter(not_before__gt=now)
    emails = FallbackEmail.objects
    refusals = callback_limits.refusals(now)
    unconfirmed = Message.objects.filter(status=Status.UNCONFIRMED.value)
    found = Health(
        last_status_callback=pulses.get(HeartbeatName.STATUS_CALLBACK),
        last_inbound=pulses.get(HeartbeatName.INBOUND),
        last_send=pulses.get(HeartbeatName.SEND),
        last_sync=pulses.get(HeartbeatName.SYNC),
        queued=_count(claiming.singles(now)) + _count(_queued_of_campaigns()),
        overdue=_count(overdue),
        overdue_since=overdue.aggregate(first=Min("next_poll_at"))["first"],
        silent=_count(Message.objects.lease_expired(now - _SEND_LATE)),
        unconfirmed=_count(unconfirmed),
        orphans=_count(StatusEvent.objects.orphans()),
        emails_waiting=_count(emails.filter(state=EmailState.QUEUED)),
        emails_late=_count(emails.filter(state=EmailState.QUEUED, attempts__gte=_EMAIL_TRIES)),
        emails_in_doubt=_count(emails.filter(state=EmailState.UNCONFIRMED)),
        emails_failed=_count(emails.filter(state=EmailState.FAILED)),
        held_back_until={row.name: row.not_before for row in held_back if row.not_before},
        paused=_paused_by_themselves(),
        unknown_accounts=_unknown_accounts(),
        refused_senders=refusals[Effect.UNKNOWN_SENDERS],
        refused_reports=refusals[Effect.UNKNOWN_REPORTS],
        withheld_confirmations=refusals[Effect.CONFIRMATIONS],
    )
    found.problems.extend(_problems(found, now))
    return found


def _count(rows: QuerySet[Any]) -> int:
    return len(rows.order_by().values_list("pk")[:_COUNT_MAX])


def _queued_of_campaigns() -> MessageQuerySet:
    return Message.objects.filter(campaign__status=CampaignStatus.SENDING).queued()


def _paused_by_themselves() -> dict[int, str]:
    """Return campaigns that paused themselves, except those that wait after their canary."""
    paused = Campaign.objects.filter(status=CampaignStatus.PAUSED, canary_is_out=False)
    return dict(paused.exclude(pause_reason="").values_list("pk", "pause_reason"))


def _unknown_accounts() -> list[str]:
    """Return accounts with unsettled messages that the settings no longer contain.

    No worker processes their messages.
    """
    unsettled = Q(status__in=[status.value for status in UNSENT]) | Q(next_poll_at__isnull=False)
    known = list(conf.current().accounts)
    strays = Message.objects.filter(unsettled).exclude(account__in=known)
    return sorted(strays.order_by().values_list("account", flat=True).distinct())


def _problems(found: Health, now: datetime) -> list[str]:
    """Return the sentences of the conditions that apply. Each sentence says what to do."""
    held_back = bool(found.held_back_until)
    conditions = (
        (
            found.queued and not held_back and _is_older(found.last_send, now, _SEND_LATE),
            f"{found.queued} messages wait to be sent: is smsbat_send running?",
        ),
        (
            found.overdue and not held_back,
            f"{found.overdue} messages wait for a status request for more than 15 minutes: "
            "smsbat_sync does not run, or cannot keep up.",
        ),
        (
            found.silent,
            f"{found.silent} messages are held by a worker that fell silent: run smsbat_send.",
        ),
        (
            found.unconfirmed,
            f"{found.unconfirmed} messages are unconfirmed: settle them in the admin or by "
            "smsbat_settle.",
        ),
        (
            _callbacks_stopped(found, now),
            "No delivery callback came for more than an hour, though messages were sent: ask your "
            "account manager.",
        ),
        (
            found.emails_late,
            f"{found.emails_late} fallback e-mails wait: the mail server cannot be reached.",
        ),
        (
            found.emails_in_doubt,
            f"{found.emails_in_doubt} fallback e-mails may or may not have left.",
        ),
        *_refusals(found),
        *(
            (True, f"Messages wait for the account {name!r}, which the settings do not name.")
            for name in found.unknown_accounts
        ),
        *((True, f"Campaign {key} is paused: {reason}") for key, reason in found.paused.items()),
    )
    return [sentence for applies, sentence in conditions if applies]


def _refusals(found: Health) -> tuple[tuple[int, str], ...]:
    return (
        (
            found.refused_senders,
            f"{found.refused_senders} incoming messages were refused: INBOUND_UNKNOWN_PER_HOUR is "
            "used up.",
        ),
        (
            found.refused_reports,
            f"{found.refused_reports} reports were refused: UNKNOWN_REPORTS_PER_HOUR is used up.",
        ),
        (
            found.withheld_confirmations,
            f"{found.withheld_confirmations} confirmations were not sent: "
            "OPT_OUT_CONFIRMATIONS_PER_HOUR is used up.",
        ),
    )


def _is_older(when: datetime | None, now: datetime, limit: timedelta) -> bool:
    return when is None or now - when > limit


def _callbacks_stopped(found: Health, now: datetime) -> bool:
    """Return whether callbacks stopped. It is never true if none ever came: they are optional."""
    last = found.last_status_callback
    has_secrets = any(one.webhook_secrets for one in conf.current().accounts.values())
    if last is None or not has_secrets or now - last <= _CALLBACK_LATE:
        return False
    sent = Q(submitted_at__gt=last, submitted_at__lt=now - _CALLBACK_LATE)
    return Message.objects.filter(sent, status__in=[s.value for s in IN_DELIVERY]).exists()
