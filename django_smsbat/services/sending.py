"""``send`` and ``send_many``: single messages, outside any campaign."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from django.db import transaction

from django_smsbat import conf, runners
from django_smsbat.gateway import messages
from django_smsbat.models import Message
from django_smsbat.services import connection, submission
from django_smsbat.services.sender import sender_or_default


def send(message: messages.Message, *, queue: bool = False) -> Message:
    """Store a message, hand it to SMSBAT, and return the row with its outcome.

    Rejected or unconfirmed is an outcome, not an exception. A message that SMSBAT certainly did not
    take (no connection, too many requests, wrong credentials) stays `queued`, with the reason in
    `error_message`, and the workers try again; where one of them was quicker than this call, it
    comes back as `sending`. Inside a transaction the message leaves after the
    commit, and not at all after a rollback; the row returned is `queued` then.

    Args:
        queue: leave it to the workers instead of waiting for SMSBAT's answer.

    Raises:
        InvalidMessage: when neither the message nor `SENDER` names a sender.
        ImproperlyConfigured: when the settings do not say how to reach SMSBAT.
    """
    return send_many([message], queue=queue)[0]


def send_many(batch: Iterable[messages.Message], *, queue: bool = False) -> list[Message]:
    """Store and send many messages in batches; the rows come in the order of the messages.

    All are checked before any is stored. See `send`.

    Raises:
        InvalidMessage: when neither a message nor `SENDER` names a sender.
        ImproperlyConfigured: when the settings do not say how to reach SMSBAT.
    """
    rows = [_row(message) for message in batch]
    if not queue:
        connection.client()  # what is misconfigured is said before anything is stored
    with transaction.atomic():
        Message.objects.bulk_create(rows, batch_size=conf.current().batch_size)
        if queue:
            transaction.on_commit(runners.wake)
            return rows
    transaction.on_commit(lambda: _send_now(rows))
    return rows


def _row(message: messages.Message) -> Message:
    if not message.sender:
        message = replace(message, sender=sender_or_default(""))
    return Message.with_content(message.content(), to=message.to)


def _send_now(rows: Sequence[Message]) -> None:
    submission.submit_now([row.pk for row in rows])
    fresh = Message.objects.in_bulk([row.pk for row in rows])
    for row in rows:
        row.__dict__.update(fresh[row.pk].__dict__)
