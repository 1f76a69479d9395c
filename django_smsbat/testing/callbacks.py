"""SMSBAT's callbacks to the site under test, with the secret that the settings name."""

import json
from collections.abc import Mapping
from typing import Any, Final
from uuid import uuid4

from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from django_smsbat import conf
from django_smsbat.gateway.auth import KEY_HEADER

_OK: Final = 200


def post(name: str, body: Mapping[str, Any], account: str) -> None:
    """Post to ``smsbat:inbound`` or ``smsbat:status`` through the project's own URLs.

    Raises:
        AssertionError: when the site does not answer 200: SMSBAT would try again for ever.
    """
    try:
        url = reverse(f"smsbat:{name}")
    except NoReverseMatch:
        words = 'the project includes no django_smsbat.urls: path("smsbat/", include(...))'
        raise AssertionError(words) from None
    own = conf.current().accounts.get(account)
    if own is None or not own.webhook_secrets:
        raise AssertionError(f"the account {account!r} has no WEBHOOK_SECRETS to come with")
    answer = Client().post(
        url,
        json.dumps(body),
        content_type="application/json",
        headers={KEY_HEADER: own.webhook_secrets[0]},
        secure=True,
    )
    if answer.status_code != _OK:
        raise AssertionError(f"the site answered {answer.status_code}: {answer.content.decode()}")


def post_inbound(
    phone: str, text: str, alpha_name: str, account: str, more: Mapping[str, Any]
) -> None:
    """What somebody wrote, as SMSBAT tells it: the phone has no plus."""
    own = conf.current().accounts.get(account)
    body = {
        "idUuid": str(uuid4()),
        "alphaName": alpha_name or (own.sender if own else ""),
        "phoneNumber": phone.lstrip("+"),
        "text": text,
        "dt": timezone.now().isoformat(),
        **more,
    }
    post("inbound", body, account)
