"""Authentication of callbacks by an account's secret, checked before the body is read."""

from django.utils.crypto import constant_time_compare
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from django_smsbat import conf
from django_smsbat.gateway.auth import KEY_HEADER, basic_pair
from django_smsbat.webhooks import path_secret


class WebhookSecret(BaseAuthentication):
    """The secret as Basic password, as a header, or in the path if the settings allow it."""

    def authenticate(self, request: Request) -> tuple[None, str]:
        """Return no user, and the name of the account that the secret belongs to."""
        settings = conf.current()
        candidates = [
            _basic_password(request.headers.get("Authorization", "")),
            request.headers.get(KEY_HEADER),
        ]
        if settings.webhook_secret_in_path:
            candidates.append(path_secret.taken(request))
        # Every pair is compared, so that the duration reveals nothing about the secrets.
        matches = [
            account.name
            for candidate in candidates
            if candidate
            for account in settings.accounts.values()
            for secret in account.webhook_secrets
            if constant_time_compare(candidate, secret)
        ]
        if not matches:
            raise AuthenticationFailed("A valid secret is needed.")
        return None, matches[0]

    def authenticate_header(self, request: Request) -> str:
        return 'Basic realm="smsbat"'


def _basic_password(header: str) -> str:
    try:
        return basic_pair(header).decode().partition(":")[2]
    except UnicodeDecodeError:
        return ""
