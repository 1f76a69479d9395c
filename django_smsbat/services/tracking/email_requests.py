"""Which failed messages an e-mail follows: asked for where the failure is recorded, once for each.

How and when it leaves is `email_fallback`'s.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Exists, OuterRef, Q

from django_smsbat import conf
from django_smsbat.db.set_based import insert_rows
from django_smsbat.gateway.message_types import TYPES
from django_smsbat.models import EmailState, FallbackEmail, Message, Recipient

# A one-time code and a flash call have no words that an e-mail could carry.
_WITH_WORDS: Final = [kind.value for kind, facts in TYPES.items() if facts.has_text]
# The SMS that SMSBAT sends in the first channel's place may still be under way.
_FALLBACK_GRACE: Final = timedelta(minutes=5)


def ask_for(message_ids: Collection[int], now: datetime) -> None:
    """Ask for an e-mail to whom these messages did not reach, where the site has their address.

    In the transaction in which the failure is recorded; a message that was asked for one already
    never gets another, whatever is reported of it later.
    """
    if not conf.current().email_fallback:
        return
    with_address = Recipient.objects.filter(phone=OuterRef("to")).exclude(email="")
    failed = Message.objects.among(message_ids).filter(
        Exists(with_address),
        ~Q(text="", fallback_text=""),
        type__in=_WITH_WORDS,
        purged_at=None,  # a code, which is nowhere but on the phone
    )
    rows = [
        (key, EmailState.QUEUED.value, now + (_FALLBACK_GRACE if fallback else timedelta()))
        for key, fallback in failed.values_list("pk", "fallback_text")
    ]
    insert_rows(FallbackEmail, ("message", "state", "due_at"), rows, ignore_conflicts=True)
    # One that was not needed after all, before the message was sent again, is needed now.
    again = FallbackEmail.objects.filter(pk__in=[row[0] for row in rows])
    again.filter(state=EmailState.UNNEEDED).update(
        state=EmailState.QUEUED, due_at=now + _FALLBACK_GRACE
    )
