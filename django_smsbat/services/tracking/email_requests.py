"""Request a fallback e-mail for a failed message, once, when the failure is recorded.

`email_fallback` sends the e-mails.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Exists, OuterRef, Q

from django_smsbat import conf
from django_smsbat.db.set_based import insert_rows
from django_smsbat.gateway.message_types import TYPES
from django_smsbat.models import EmailState, FallbackEmail, Message, Recipient

# One-time codes and flash calls have no text to send by e-mail.
_WITH_TEXT: Final = [kind.value for kind, facts in TYPES.items() if facts.has_text]
# The fallback SMS that SMSBAT sends may still be in delivery.
_FALLBACK_GRACE: Final = timedelta(minutes=5)


def ask_for(message_ids: Collection[int], now: datetime) -> None:
    """Request an e-mail to the recipients of these failed messages, if their address is known.

    Runs in the transaction that records the failure. A message gets at most one e-mail, whatever
    is reported later.
    """
    if not conf.current().email_fallback:
        return
    with_address = Recipient.objects.filter(phone=OuterRef("to")).exclude(email="")
    failed = Message.objects.among(message_ids).filter(
        Exists(with_address),
        ~Q(text="", fallback_text=""),
        type__in=_WITH_TEXT,
        purged_at=None,  # not a one-time code: that exists only on the phone
    )
    rows = [
        (key, EmailState.QUEUED.value, now + (_FALLBACK_GRACE if fallback else timedelta()))
        for key, fallback in failed.values_list("pk", "fallback_text")
    ]
    insert_rows(FallbackEmail, ("message", "state", "due_at"), rows, ignore_conflicts=True)
    # The message was sent again and failed again: an e-mail marked as not needed is needed now.
    again = FallbackEmail.objects.filter(pk__in=[row[0] for row in rows])
    again.filter(state=EmailState.UNNEEDED).update(
        state=EmailState.QUEUED, due_at=now + _FALLBACK_GRACE
    )
