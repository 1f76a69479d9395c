"""``send`` and ``send_many``: single messages, outside any campaign."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from asgiref.sync import sync_to_async
from django.db import transaction

from django_smsbat import conf, runners
from django_smsbat.conf import DEFAULT_ACCOUNT
from django_smsbat.gateway import messages
from django_smsbat.gateway.private_frames import private_frames
from django_smsbat.gateway.statuses import Status
from django_smsbat.models import Message
from django_smsbat.services.accounts import clients
from django_smsbat.services.accounts.registry import sender_or_default
from django_smsbat.services.sending import idempotency, worker
from django_smsbat.services.transactions import insist_on_commits, when_committed


@private_frames
def send(
    message: messages.Message,
    *,
    queue: bool = False,
    account: str = DEFAULT_ACCOUNT,
    idempotency_key: str | None = None,
) -> Message:
    """Store a message, hand it to SMSBAT, and return the row with its outcome.

    Rejected or unconfirmed is an outcome, not an exception. A message that SMSBAT certainly did not
    take (no connection, too many requests, wrong credentials) stays `queued`, with the reason in
    `error_message`, and the workers try again; where one of them was quicker than this call, it
    comes back as `sending`.

    Inside a transaction the message is stored with it, leaves after the commit, and not at all
    after a rollback; the row returned is `queued` until then, and is brought up to date after the
    commit.

    Args:
        queue: leave it to the workers instead of waiting for SMSBAT's answer.
        account: one of the settings' `ACCOUNTS`.
        idempotency_key: up to 128 characters that name this message and no other, such as
            ``f"order-{order.pk}-shipped"``. Sent once under it, the message is returned to whoever
            asks again, also at the same moment; it is known as long as the message is kept.

    Raises:
        InvalidMessage: when there is no such account, neither the message nor the account's
            `SENDER` names a sender, or the key was used for another message.
        ImproperlyConfigured: when the settings do not say how to reach SMSBAT.
        TransactionManagementError: with autocommit switched off, outside of `transaction.atomic`.
    """
    row = _row(message, account)
    if idempotency_key is None:
        return _stored_and_sent([row], account, queue=queue)[0]
    _insist_on_sendable(account, queue=queue)
    row = idempotency.stored_once(row, idempotency_key, message.content())
    if row.status == Status.QUEUED:  # a new one, or one that nobody could send yet
        _leave([row], account, queue=queue)
    return row


@private_frames
def send_many(
    batch: Iterable[messages.Message], *, queue: bool = False, account: str = DEFAULT_ACCOUNT
) -> list[Message]:
    """Store and send many messages in batches; the rows come in the order of the messages.

    All are checked before any is stored. See `send`.

    Raises:
        InvalidMessage: when there is no such account, or neither a message nor the account's
            `SENDER` names a sender.
        ImproperlyConfigured: when the settings do not say how to reach SMSBAT.
    """
    return _stored_and_sent([_row(one, account) for one in batch], account, queue=queue)


async def asend(
    message: messages.Message,
    *,
    queue: bool = False,
    account: str = DEFAULT_ACCOUNT,
    idempotency_key: str | None = None,
) -> Message:
    """`send`, for code that must not block; in Django's thread for the database."""
    return await sync_to_async(send)(
        message, queue=queue, account=account, idempotency_key=idempotency_key
    )


async def asend_many(
    batch: Iterable[messages.Message], *, queue: bool = False, account: str = DEFAULT_ACCOUNT
) -> list[Message]:
    """`send_many`, likewise."""
    return await sync_to_async(send_many)(batch, queue=queue, account=account)


def _row(message: messages.Message, account: str) -> Message:
    sender = sender_or_default(message.sender, account)
    if sender != message.sender:
        message = replace(message, sender=sender)
    return Message.with_content(message.content(), to=message.to, account=account)


def _stored_and_sent(rows: list[Message], account: str, *, queue: bool) -> list[Message]:
    _insist_on_sendable(account, queue=queue)
    with transaction.atomic():
        Message.objects.bulk_create(rows, batch_size=conf.current().batch_size)
    _leave(rows, account, queue=queue)
    return rows


def _insist_on_sendable(account: str, *, queue: bool) -> None:
    """What is misconfigured is said before anything is stored."""
    insist_on_commits()
    if not queue:
        clients.client(account)


def _leave(rows: Sequence[Message], account: str, *, queue: bool) -> None:
    if queue:
        transaction.on_commit(runners.wake)
    else:
        when_committed(lambda: _send_now(rows, account))


def _send_now(rows: Sequence[Message], account: str) -> None:
    worker.submit_now([row.pk for row in rows], account)
    fresh = Message.objects.in_bulk([row.pk for row in rows])
    for row in rows:
        if row.pk in fresh:  # nobody has removed it since
            row.__dict__.update(fresh[row.pk].__dict__)
