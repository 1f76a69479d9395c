"""Sends a code: everything is decided and stored first, then one request leaves with it."""

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

# Who may be guessing then is not in our hands: the log says so, and no digits.
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
    """Send a code to a phone, or let it ring; the verification, of which `id` is given to `check`.

    It replaces the code that the same address requested for the same phone and purpose; codes that
    others requested stay good. If the message certainly could not be sent, it is `failed`. Inside a
    transaction the code leaves after the commit, and not at all after a rollback.

    Args:
        phone: international, or national of `DEFAULT_REGION`.
        channel: ``viber_otp`` (by Viber, and by SMS where that fails), ``sms`` or ``flashcall``,
            if it is one of `VERIFY_CHANNELS`.
        purpose: up to 32 characters that say what the phone is verified for.
        address: the network address of who asks, such as ``request.META["REMOTE_ADDR"]``. Without
            one no limit by address applies, and all such calls count as one requester.
        replaces: the `id` of an earlier verification of the same person, which their session knows.
        language: of the message, such as ``uk``; by default Django's present one.

    Raises:
        InvalidMessage: for what is no phone, channel or purpose, or where there is no sender.
        NotStarted: when no code may be sent now; its `why` says which rule it is.
        ImproperlyConfigured: when the settings do not say how to reach SMSBAT, or name no number
            that a flash call comes from.
    """
    clock = clock or SystemClock()
    account = conf.current().verify_account or DEFAULT_ACCOUNT
    phone = _phone(phone)  # in place of what was written: no frame below shows the number
    way = _channel(channel)
    if len(purpose) > PURPOSE_MAX:
        words = f"{len(purpose)} characters; at most {PURPOSE_MAX} are allowed"
        raise InvalidMessage("purpose", words)
    said = plan(way, phone, registry.sender_or_default("", account), language)
    leaving_by = client or clients.client(account)
    insist_on_commits()
    made = Verification(phone=phone, channel=way, purpose=purpose)
    made.prefix = breaker.prefix_of(phone)
    made.address_hash = limits.hashed_address(address) if address else ""
    _insist_on_allowed(made, account, clock.now())
    tried_again(partial(_store, made, said, replaces, account, clock))
    when_committed(lambda: _leave(made, said, leaving_by, clock))
    return made


def _store(
    made: Verification, said: Plan, replaces: UUID | str | None, account: str, clock: Clock
) -> None:
    """Count it, and store it with its message, or neither: within a transaction."""
    now = clock.now()
    limits.draw(made.phone, made.address_hash, now)
    breaker.insist_on_few_open(made.prefix, made.address_hash, now)
    _replace_earlier(made, replaces, now)
    made.message = secret_message.store(said.masked, made.phone, account, clock)
    made.created_at = now
    made.expires_at = now + timedelta(seconds=said.lifetime)
    made.code_shape = codes.SHOWN * len(said.code)
    made.code_hash = codes.hashed(made, said.code) if said.code else ""
    made.save(force_insert=True)


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


def _insist_on_allowed(made: Verification, account: str, now: datetime) -> None:
    limits.insist_on_allowed(made.phone)
    failures.ensure_some_left(made.phone, made.address_hash, now)
    breaker.insist_on_open(made.prefix, now)
    if delay := backoff.remaining(backoff.of(backoff.SEND, account), now):
        raise NotStarted(Why.HELD_BACK, delay)


def _replace_earlier(made: Verification, replaces: UUID | str | None, now: datetime) -> None:
    """End those of the same requester: a stranger's request must not end what is under way."""
    of_requester = Q(address_hash=made.address_hash)
    if replaces is not None:
        of_requester |= Q(id=replaces)
    same = Verification.objects.pending().filter(phone=made.phone, purpose=made.purpose)
    told = {"status": VerificationStatus.REPLACED, "finished_at": now, "code_hash": ""}
    same.filter(of_requester).update(**told)


@private_frames
def _leave(made: Verification, said: Plan, client: Client, clock: Clock) -> None:
    message = made.message
    if message is None:  # erased since
        return

    def hear(result: MessageResult) -> None:
        if made.channel == Channel.FLASH_CALL:
            _learn_pattern(made, result.pattern, said.message)

    try:
        secret_message.leave(message, said.message, hear=hear, client=client, clock=clock)
    except BaseException as error:
        message.refresh_from_db()
        if message.status != Status.FAILED:  # the code may have left
            raise
        logger.error("no code was sent: %s", unexpected.describe(error))
        if not isinstance(error, Exception):  # the process is to end
            _finish_unsent(made, clock)
            raise
    if Status(message.status).is_failure:
        _finish_unsent(made, clock)
    elif made.channel == Channel.FLASH_CALL and not made.code_shape:
        finish(made, VerificationStatus.FAILED, clock.now())


def _finish_unsent(made: Verification, clock: Clock) -> None:
    finish(made, VerificationStatus.FAILED, clock.now())
    limits.give_back(made)


@sensitive_variables()
def _learn_pattern(made: Verification, pattern: str, call: Message) -> None:
    """Kept before the answer is: who dies in between has sent a call that can be checked."""
    found = codes.shape_of(pattern)
    if found is None:
        logger.error("a flash call showed too few digits of its number to be checked")
        return
    made.code_shape, code = found
    if isinstance(call, FlashCall) and not codes.is_shown_by(call.caller_id, *found):
        logger.warning(_ANOTHER_NUMBER)
    made.code_hash = codes.hashed(made, code)
    fields = {"code_shape": made.code_shape, "code_hash": made.code_hash}
    Verification.objects.pending().filter(pk=made.pk).update(**fields)
