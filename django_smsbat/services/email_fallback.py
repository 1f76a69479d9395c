"""The e-mail fallback after Viber and SMS: at most one e-mail per message, sent by Django.

Like a message, an e-mail is committed as `sending` before it is sent. An e-mail that may have been
sent is never sent again.
"""

import logging
import smtplib
from datetime import datetime, timedelta
from typing import Any, Final

from django.core import mail
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.template.loader import render_to_string

from django_smsbat import conf
from django_smsbat.db.locking import lock_unlocked_rows
from django_smsbat.gateway.private_frames import private_frames
from django_smsbat.gateway.statuses import UNDELIVERED
from django_smsbat.models import (
    CampaignStatus,
    EmailState,
    FallbackEmail,
    Message,
    Recipient,
    Source,
)
from django_smsbat.services.clock import Clock
from django_smsbat.services.sending import claiming
from django_smsbat.services.tracking import recorder
from django_smsbat.services.tracking.events import Report

logger = logging.getLogger("django_smsbat")

_ATTEMPTS_MAX: Final = 12
_AT_ONCE_MAX: Final = 100  # in one run, because polling waits meanwhile
_FIRST_PAUSE: Final = timedelta(minutes=1)  # doubled with each attempt
_LONGEST_PAUSE: Final = timedelta(hours=4)
_TEMPORARY: Final = (400, 500)
_LONGEST_SUBJECT: Final = 200  # characters
_FAILED: Final = frozenset(status.value for status in UNDELIVERED)
# With these errors the mail server certainly did not take the e-mail; with others it may have.
# A code from 400 to 499 means: try again later.
_REFUSALS: Final = (
    smtplib.SMTPRecipientsRefused,
    smtplib.SMTPSenderRefused,
    smtplib.SMTPDataError,
    smtplib.SMTPNotSupportedError,
    ValueError,  # a header with a line break, an invalid address
)


@private_frames
def send_due(clock: Clock) -> int:
    """Send the e-mails that are due, at most a hundred; return how many were sent.

    If the mail server cannot be reached, an e-mail is tried again later, at most twelve times.
    """
    if not conf.current().email_fallback:
        return 0
    _settle_lost(clock.now())
    sent, connection = 0, None
    try:
        for _ in range(_AT_ONCE_MAX):
            email = None if clock.stopping else _claim(clock.now())
            if email is None:
                break
            try:
                mail_message = _mail(email.message)
            except Exception as error:  # from a template of the site
                logger.error("a fallback e-mail cannot be written: %s", type(error).__name__)
                _put_back(email, clock.now(), "it cannot be written")
                continue
            if mail_message is None:
                _finish(email, EmailState.UNNEEDED, "", clock.now())
                continue
            connection = connection or _open()
            if connection is None:
                _put_back(email, clock.now(), "the mail server cannot be reached")
                break
            state, reason = _send(mail_message, connection)
            if state == EmailState.QUEUED:
                _put_back(email, clock.now(), reason)
            else:
                _finish(email, state, reason, clock.now())
            sent += state == EmailState.SENT
            if state != EmailState.SENT:  # the connection may be broken
                _close(connection)
                connection = None
    finally:
        _close(connection)
    return sent


def _claim(now: datetime) -> FallbackEmail | None:
    """Claim one e-mail, so that a worker that dies leaves only one in doubt."""
    with transaction.atomic(durable=True):
        due = FallbackEmail.objects.filter(state=EmailState.QUEUED, due_at__lte=now)
        email = lock_unlocked_rows(due.order_by("due_at")).first()
        if email is None:
            return None
        email.state, email.attempts = EmailState.SENDING, email.attempts + 1
        email.lease_until = claiming.lease_from(now)
        email.save()
    return FallbackEmail.objects.select_related("message__campaign").get(pk=email.pk)


def _settle_lost(now: datetime) -> None:
    lost = FallbackEmail.objects.filter(state=EmailState.SENDING, lease_until__lt=now)
    for email in lost.select_related("message"):
        _finish(email, EmailState.UNCONFIRMED, "the worker that sent it fell silent", now)


def _mail(message: Message) -> EmailMessage | None:
    """Render the e-mail; None if it is no longer needed, or if its text was purged."""
    if not (message.text or message.fallback_text):
        return None
    person = Recipient.objects.filter(phone=message.to).exclude(email="").first()
    if person is None or message.status not in _FAILED or _is_unwelcome(message, person):
        return None
    context = {
        "message": message,
        "recipient": person,
        "text": message.text or message.fallback_text,
        "link": message.message_data.get("buttonAction", ""),
    }
    subject = render_to_string("django_smsbat/email_fallback/subject.txt", context)
    body = render_to_string("django_smsbat/email_fallback/body.txt", context)
    return EmailMessage(" ".join(subject.split())[:_LONGEST_SUBJECT], body, to=[person.email])


def _is_unwelcome(message: Message, person: Recipient) -> bool:
    """Whether the recipient opted out of a promotional message, or its campaign is cancelled."""
    campaign = message.campaign
    if campaign is not None and campaign.status == CampaignStatus.CANCELLED:
        return True
    return claiming.who_is_bound(campaign)(message.type) and person.opted_out_at is not None


def _send(mail_message: EmailMessage, connection: BaseEmailBackend) -> tuple[EmailState, str]:
    """Send the e-mail. Return its new state and the reason; `QUEUED` means try again.

    The reason omits the server's reply, which quotes addresses.
    """
    try:
        taken = connection.send_messages([mail_message])
    except _REFUSALS as error:
        again = _is_temporary(error)
        return EmailState.QUEUED if again else EmailState.FAILED, type(error).__name__
    except Exception as error:  # from any backend: it may have taken the e-mail
        logger.warning("a fallback e-mail may or may not have left: %s", type(error).__name__)
        return EmailState.UNCONFIRMED, type(error).__name__
    if taken == 0:
        return EmailState.FAILED, "the mail backend took nothing"
    return EmailState.SENT, ""


def _is_temporary(error: Exception) -> bool:
    """Whether the server reports a temporary failure, such as greylisting or a full mailbox."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _text in error.recipients.values()]
    else:
        codes = [error.smtp_code] if isinstance(error, smtplib.SMTPResponseException) else []
    return bool(codes) and all(_TEMPORARY[0] <= code < _TEMPORARY[1] for code in codes)


def _open() -> BaseEmailBackend | None:
    """Open a connection to the mail server; None if that fails, so that nothing can be sent."""
    connection = _mailer()
    try:
        connection.open()
    except (OSError, smtplib.SMTPException) as error:
        logger.error("the mail server cannot be reached: %s", type(error).__name__)
        return None
    return connection


def _mailer() -> BaseEmailBackend:
    """Return the mail backend. Django 6.1 replaces connections with mailers."""
    mailers: Any = getattr(mail, "mailers", None)
    mailer: BaseEmailBackend = mail.get_connection() if mailers is None else mailers.default
    return mailer


def _close(connection: BaseEmailBackend | None) -> None:
    if connection is not None:
        try:
            connection.close()
        except (OSError, smtplib.SMTPException) as error:
            logger.warning("the mail server hung up: %s", type(error).__name__)


def _put_back(email: FallbackEmail, now: datetime, reason: str) -> None:
    if email.attempts >= _ATTEMPTS_MAX:
        _finish(email, EmailState.FAILED, reason, now)
        return
    pause = min(_FIRST_PAUSE * 2 ** (email.attempts - 1), _LONGEST_PAUSE)
    ours = FallbackEmail.objects.filter(pk=email.pk, state=EmailState.SENDING)
    ours.update(state=EmailState.QUEUED, lease_until=None, due_at=now + pause)


def _finish(email: FallbackEmail, state: EmailState, reason: str, now: datetime) -> None:
    """Store the outcome as a report of the message, which does not change its status."""
    with transaction.atomic():
        ours = FallbackEmail.objects.filter(pk=email.pk, state=EmailState.SENDING)
        if not ours.update(state=state, lease_until=None, error=reason):
            return
        payload = {"email": state.value, **({"message": reason} if reason else {})}
        outcome = Report(
            source=Source.LOCAL,
            status=None,
            raw_status=f"e-mail {state.value}",
            payload=payload,
            message_id=email.pk,
            attempt=email.message.attempts,
        )
        recorder.record([outcome], now)
