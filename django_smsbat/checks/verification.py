"""Checks of phone verification: channels, caller ids of flash calls, texts."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps.config import AppConfig
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as CheckWarning
from django.utils.module_loading import import_string

from django_smsbat import conf
from django_smsbat.conf import Settings
from django_smsbat.gateway import otp_templates
from django_smsbat.gateway.message_types import FLASH_CALL_DIGITS, MessageType


@register(Tags.urls)
def check_flash_calls(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Flash calls are enabled by VERIFY_CHANNELS, if it is set, or by a view that offers them."""
    from django_smsbat.models import Channel
    from django_smsbat.services.verification import channels

    if conf.problems():
        return []
    settings, flash_call = conf.current(), MessageType.FLASH_CALL
    is_named = conf.is_given("VERIFY_CHANNELS") and flash_call in settings.verify_channels
    is_enabled = is_named or channels.is_offered(Channel.FLASH_CALL)
    if settings.verify_caller_ids or not is_enabled:
        return []
    message = "Flash calls are enabled, and SMSBAT['VERIFY_CALLER_IDS'] is empty: each would fail."
    hint = (
        "List the phone numbers that your calls come from, or list in SMSBAT['VERIFY_CHANNELS'] "
        "the other channels alone."
    )
    return [Error(message, hint=hint, id="smsbat.E013")]


def template_and_account(settings: Settings) -> Iterator[CheckMessage]:
    from django_smsbat.services.verification.wording import template_params

    if settings.verify_account and settings.verify_account not in settings.accounts:
        known = ", ".join(settings.accounts)
        message = f"SMSBAT['VERIFY_ACCOUNT'] names no account; there are {known}."
        yield Error(message, id="smsbat.E011")
    template = otp_templates.find(settings.verify_template)
    params = template_params(settings, "0000")
    missing = [name for name in template.params if name not in params] if template else []
    if missing:
        message = f"SMSBAT['VERIFY_TEMPLATE'] needs {', '.join(missing)}."
        hint = "Give them in VERIFY_TEMPLATE_PARAMS."
        yield Error(message, hint=hint, id="smsbat.E012")


def caller_ids(settings: Settings) -> Iterator[CheckMessage]:
    """The code of a flash call is the end of its caller id: few numbers mean few codes."""
    from django_smsbat.services.verification import callers

    numbers = settings.verify_caller_ids
    if not numbers or (count := callers.codes(numbers)) >= callers.FEW:
        return
    message = (
        "SMSBAT['VERIFY_CALLER_IDS'] gives flash calls too few different codes: a random guess "
        f"is right in {round(100 / count)}% of cases (codes: {count}, numbers: {len(numbers)})."
    )
    hint = (
        f"List at least {callers.FEW} numbers, no two of which have the same last "
        f"{FLASH_CALL_DIGITS} digits; better a hundred."
    )
    yield CheckWarning(message, hint=hint, id="smsbat.W011")


def guard(settings: Settings) -> Iterator[CheckMessage]:
    """A guard that cannot be called would refuse no request and raise an error for each."""
    if not settings.verify_guard:
        return
    try:
        is_callable = callable(import_string(settings.verify_guard))
    except Exception as error:  # any exception that its module raises
        message = f"SMSBAT['VERIFY_GUARD'] cannot be imported: {type(error).__name__}."
    else:
        message = "" if is_callable else "SMSBAT['VERIFY_GUARD'] is not callable."
    if message:
        hint = "Give the dotted path of a callable that takes a request and the posted data."
        yield Error(message, hint=hint, id="smsbat.E018")


def codes(settings: Settings) -> Iterator[CheckMessage]:
    """Check only if a VERIFY_ setting is present: other sites send no codes."""
    from django_smsbat.services.verification.wording import what_prevents

    if any(str(name).startswith("VERIFY_") for name in conf.dict_given()):
        for channel, message in what_prevents(settings):
            yield CheckWarning(f"No code can be sent by {channel}: {message}.", id="smsbat.W010")
