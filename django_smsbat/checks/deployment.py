"""Checks for `check --deploy`: settings that suit development but not production."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from django.apps.config import AppConfig
from django.core.checks import CheckMessage, Tags, register
from django.core.checks import Warning as CheckWarning

from django_smsbat import conf
from django_smsbat.checks.base_url import sandbox_in_production
from django_smsbat.checks.verification import codes
from django_smsbat.conf import Settings, error_reports

_SECRET_MIN: Final = 16  # characters
_DIFFERENT_MIN: Final = 8  # characters
# Placeholder secrets in the README, the docs and the demo.
EXAMPLE_SECRETS: Final = frozenset(
    {"a-long-random-secret", "demo-secret-demo-secret", "tutorial-secret-tutorial"}
)
_DJANGOS_OWN_ADDRESS: Final = "webmaster@localhost"


@register(Tags.security, deploy=True)
def check_deployment(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Report settings that suit development but not production."""
    if conf.problems():
        return []
    settings = conf.current()
    return [
        *sandbox_in_production(settings),
        *codes(settings),
        *_weak_secrets(settings),
        *_emails(settings),
        *_error_reports(),
    ]


def _weak_secrets(settings: Settings) -> Iterator[CheckMessage]:
    secrets = [secret for one in settings.accounts.values() for secret in one.webhook_secrets]
    hint = "Anyone who guesses it can forge reports. Use secrets.token_urlsafe(32)."
    for problem in dict.fromkeys(filter(None, map(_weakness, secrets))):
        yield CheckWarning(
            f"A secret in SMSBAT['WEBHOOK_SECRETS'] {problem}.", hint=hint, id="smsbat.W002"
        )
    if settings.webhook_secret_in_path:
        message = "SMSBAT['WEBHOOK_SECRET_IN_PATH']: servers in between write paths to their logs."
        hint = "Prefer the secret as the Basic password: https://smsbat:SECRET@your.site/…"
        yield CheckWarning(message, hint=hint, id="smsbat.W003")


def _weakness(secret: str) -> str:
    """Return why a secret can be guessed; empty if it cannot."""
    if len(secret) < _SECRET_MIN:
        return f"is shorter than {_SECRET_MIN} characters"
    if secret.strip().lower() in EXAMPLE_SECRETS:
        return "is an example from the documentation"
    if len(set(secret)) < _DIFFERENT_MIN:
        return f"has fewer than {_DIFFERENT_MIN} different characters"
    return ""


def _emails(settings: Settings) -> Iterator[CheckMessage]:
    if settings.email_fallback and conf.email_timeout() is None:
        message = (
            "SMSBAT['EMAIL_FALLBACK']: a mail server that hangs would hold smsbat_sync for ever."
        )
        yield CheckWarning(
            message,
            hint="Set EMAIL_TIMEOUT, or the timeout of the mailer, in seconds.",
            id="smsbat.W006",
        )
    if settings.email_fallback and conf.default_from_email() == _DJANGOS_OWN_ADDRESS:
        message = f"SMSBAT['EMAIL_FALLBACK']: e-mails would come from {_DJANGOS_OWN_ADDRESS}."
        yield CheckWarning(message, hint="Set DEFAULT_FROM_EMAIL.", id="smsbat.W005")


def _error_reports() -> Iterator[CheckMessage]:
    if not error_reports.is_hidden():
        message = "DEFAULT_EXCEPTION_REPORTER_FILTER shows the setting SMSBAT in error reports."
        hint = (
            "It replaces the names that Django's filter hides: add "
            "django_smsbat.conf.error_reports.HIDDEN to its hidden_settings."
        )
        yield CheckWarning(message, hint=hint, id="smsbat.W030")
