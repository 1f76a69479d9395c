"""Send codes: check all rules, store the verification and its message, then send one request."""

import logging
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

from django.db.models import Q
from django.views.decorators.debug import sensitive_variables

from django_smsbat import conf
from django_smsbat.conf import DEFAULT_ACCOUNT
from django_smsbat.gateway import phones
from django_smsbat.gateway.answers import MessageResult
from django_smsbat.gateway.client import Client
from django_smsbat.gateway.messages import FlashCall, InvalidMessage, Message
from django_smsbat.gateway.private_frames import private_frames
from django_smsbat.gateway.statuses import Status
from django_smsbat.models import Channel, Verification, VerificationStatus
from django_smsbat.models.verification import PURPOSE_MAX
from django_smsbat.services import unexpected
from django_smsbat.services.accounts import clients, registry
from django_smsbat.services.clock import Clock, SystemClock
from django_smsbat.services.sending import backoff
from django_smsbat.services.transactions import insist_on_commits, tried_again, when_committed
from django_smsbat.services.verification import breaker, codes, failures, limits, secret_message
from django_smsbat.services.verification.finishing import finish
from django_smsbat.services.verification.refusals import NotStarted, Why
from django_smsbat.services.verification.wording import Plan, plan

logger = logging.getLogger("django_smsbat")

# This site cannot prevent it, so it logs a warning, without digits of the number.
_ANOTHER_NUMBER: Final = (
    "a flash call came from another number than requested: if all calls come from few numbers, "
    "their codes are easy to guess, whatever VERIFY_CALLER_IDS lists"
)


@private_frames
def start(
    phone: str,
    channel: str = Channel.VIBER_OTP,
    *,
    purpose: str = "",
    address: str = "",
    replaces: UUID | str | None = None,
    language: str | None = None,
    client: Client | None = None,
    clock: Clock | None = None,
) -> Verification:
    """Send a code to a phone by message or flash call.

    The code replaces the previous code of the same address for the same phone and purpose, not
    those of other requesters. If the message certainly could not be sent, the verification is
    `failed`. Inside a transaction, the code is sent after the commit.

    Args:
        phone: international, or national in `DEFAULT_REGION`.
        channel: one of `VERIFY_CHANNELS`; ``viber_otp`` falls back to SMS.
        purpose: why the phone is verified; at most 32 characters.
        address: the requester's network address. All calls without one count as the same
            requester, and no limit per address applies.
        replaces: the `id` of an earlier verification of the same person, from their session.
        language: of the message, such as ``uk``; by default Django's active language.

    Returns:
        The verification; its `id` is for `check`.

    Raises:
        InvalidMessage: if an argument is invalid, or no sender is configured.
        NotStarted: if no code may be sent now; `why` is the rule that forbids it.
        ImproperlyConfigured: without access to SMSBAT, or without a caller number.
    """
    clock = clock or SystemClock()
    account = conf.current().verify_account or DEFAULT_ACCOUNT
    phone = _phone(phone)  # replaces the raw value, so that no frame below shows the number
    way = _channel(channel)
    _require_short(purpose)
    planned = plan(way, phone, registry.sender_or_default("", account), language)
    client = client or clients.client(account)
    insist_on_commits()
    verification = Verification(phone=phone, channel=way, purpose=purpose)
    verification.prefix = breaker.prefix_of(phone)
    verification.address_hash = limits.hashed_address(address) if address else ""
    _insist_on_allowed(verification, account, clock.now())
    tried_again(partial(_store, verification, planned, replaces, account, clock))
    when_committed(lambda: _leave(verification, planned, client, clock))
    return verification


def _require_short(purpose: str) -> None:
    if len(purpose) > PURPOSE_MAX:
        reason = f"{len(purpose)} characters; at most {PURPOSE_MAX} are allowed"
        raise InvalidMessage("purpose", reason)


def _store(
    verification: Verification,
    planned: Plan,
    replaces: UUID | str | None,
    account: str,
    clock: Clock,
) -> None:
    """Count the code and store the verification with its message, in the same transaction."""
    now = clock.now()
    limits.draw(verification.phone, verification.address_hash, now)
    breaker.insist_on_few_open(verification.prefix, verification.address_hash, now)
    _replace_earlier(verification, replaces, now)
    verification.message = secret_message.store(planned.masked, verification.phone, account, clock)
    verification.created_at = now
    verification.expires_at = now + timedelta(seconds=planned.lifetime)
    verification.code_shape = codes.SHOWN * len(planned.code)
    verification.code_hash = codes.hashed(verification, planned.code) if planned.code else ""
    verification.save(force_insert=True)


def _phone(written: str) -> phones.MaskedPhone:
    try:
        normalised = phones.normalise(written, conf.current().default_region, mobile=True)
    except phones.InvalidPhone as error:
        raise InvalidMessage("phone", str(error)) from None
    return phones.MaskedPhone(normalised)


def _channel(written: str) -> Channel:
    allowed = conf.current().verify_channels
    if written not in allowed:
        raise InvalidMessage("channel", f"must be one of {', '.join(allowed)}")
    return Channel(written)


def _insist_on_allowed(verification: Verification, account: str, now: datetime) -> None:
    limits.insist_on_allowed(verification.phone)
    failures.ensure_some_left(verification.phone, verification.address_hash, now)
    breaker.insist_on_open(verification.prefix, now)
    if delay := backoff.remaining(backoff.of(backoff.SEND, account), now):
        raise NotStarted(Why.HELD_BACK, delay)


def _replace_earlier(
    verification: Verification, replaces: UUID | str | None, now: datetime
) -> None:
    """Replace only the same requester's verifications: a stranger must not end the owner's."""
    of_requester = Q(address_hash=verification.address_hash)
    if replaces is not None:
        of_requester |= Q(id=replaces)
    same = Verification.objects.pending().filter(
        phone=verification.phone, purpose=verification.purpose
    )
    same.filter(of_requester).update(
        status=VerificationStatus.REPLACED, finished_at=now, code_hash=""
    )


@private_frames
def _leave(verification: Verification, planned: Plan, client: Client, clock: Clock) -> None:
    message = verification.message
    if message is None:  # erased in the meantime
        return

    def hear(result: MessageResult) -> None:
        if verification.channel == Channel.FLASH_CALL:
            _learn_pattern(verification, result.pattern, planned.message)

    try:
        secret_message.leave(message, planned.message, hear=hear, client=client, clock=clock)
    except BaseException as error:
        message.refresh_from_db()
        if message.status != Status.FAILED:  # SMSBAT may have received the code
            raise
        logger.error("no code was sent: %s", unexpected.describe(error))
        if not isinstance(error, Exception):  # the process is exiting
            _finish_unsent(verification, clock)
            raise
    if Status(message.status).is_failure:
        _finish_unsent(verification, clock)
    elif verification.channel == Channel.FLASH_CALL and not verification.code_shape:
        finish(verification, VerificationStatus.FAILED, clock.now())


def _finish_unsent(verification: Verification, clock: Clock) -> None:
    finish(verification, VerificationStatus.FAILED, clock.now())
    limits.give_back(verification)


@sensitive_variables()
def _learn_pattern(verification: Verification, pattern: str, call: Message) -> None:
    """Store the code of a flash call.

    This happens before the answer is recorded: if the process dies in between, the code can still
    be checked.
    """
    shape_and_code = codes.shape_of(pattern)
    if shape_and_code is None:
        logger.error("a flash call showed too few digits of its number to be checked")
        return
    verification.code_shape, code = shape_and_code
    if isinstance(call, FlashCall) and not codes.is_shown_by(call.caller_id, *shape_and_code):
        logger.warning(_ANOTHER_NUMBER)
    verification.code_hash = codes.hashed(verification, code)
    fields = {"code_shape": verification.code_shape, "code_hash": verification.code_hash}
    Verification.objects.pending().filter(pk=verification.pk).update(**fields)
