"""``send`` and ``send_many``: messages outside any campaign."""

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
    """Store a message, send it to SMSBAT, and return the row with its outcome.

    Rejected and unconfirmed are outcomes, not exceptions. A message that SMSBAT certainly did not
    take (no connection, too many requests, wrong credentials) stays `queued`, with the reason in
    `error_message`, and the workers try again. If a worker has already claimed it, its status is
    `sending`.

    Inside a transaction, the message is stored in that transaction and sent after the commit. After
    a rollback it is not sent. The returned row is `queued` until the commit and updated after it.

    Args:
        queue: leave the message to the workers instead of waiting for SMSBAT's answer.
        account: a name from the `ACCOUNTS` setting.
        idempotency_key: up to 128 characters that identify this message, such as
            ``f"order-{order.pk}-shipped"``. The message is sent once. Later or concurrent calls
            with the same key return it. The key is valid until the message is deleted.

    Raises:
        InvalidMessage: if the account does not exist, neither the message nor the account's
            `SENDER` names a sender, or the key was used for another message.
        ImproperlyConfigured: if the settings do not say how to reach SMSBAT.
        TransactionManagementError: if autocommit is off, outside `transaction.atomic`.
    """
    row = _row(message, account)
    if idempotency_key is None:
        return _stored_and_sent([row], account, queue=queue)[0]
    _insist_on_sendable(account, queue=queue)
    row = idempotency.stored_once(row, idempotency_key, message.content())
    if row.status == Status.QUEUED:  # new, or not sent yet
        _leave([row], account, queue=queue)
    return row


@private_frames
def send_many(
    batch: Iterable[messages.Message], *, queue: bool = False, account: str = DEFAULT_ACCOUNT
) -> list[Message]:
    """Store and send messages in batches; return the rows in the order of the messages.

    All messages are validated before any is stored. See `send`.

    Raises:
        InvalidMessage: if the account does not exist, or neither a message nor the account's
            `SENDER` names a sender.
        ImproperlyConfigured: if the settings do not say how to reach SMSBAT.
    """
    return _stored_and_sent([_row(message, account) for message in batch], account, queue=queue)


async def asend(
    message: messages.Message,
    *,
    queue: bool = False,
    account: str = DEFAULT_ACCOUNT,
    idempotency_key: str | None = None,
) -> Message:
    """`send` for async code. It runs in Django's database thread."""
    return await sync_to_async(send)(
        message, queue=queue, account=account, idempotency_key=idempotency_key
    )


async def asend_many(
    batch: Iterable[messages.Message], *, queue: bool = False, account: str = DEFAULT_ACCOUNT
) -> list[Message]:
    """`send_many` for async code."""
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
    """Report a misconfiguration before anything is stored."""
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
        if row.pk in fresh:  # not deleted since
            row.__dict__.update(fresh[row.pk].__dict__)
