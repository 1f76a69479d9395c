"""The column that says by which account of SMSBAT's something was sent, or came."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from django_smsbat.conf import DEFAULT_ACCOUNT
from django_smsbat.conf.accounts import NAME_MAX


def account_field(**options: Any) -> "models.CharField[str, str]":
    """The account's name in the settings; it is no choice, so that one may be retired.

    The database knows the default too: workers of the version before go on during an upgrade.
    """
    return models.CharField(
        _("account"),
        max_length=NAME_MAX,
        default=DEFAULT_ACCOUNT,
        db_default=DEFAULT_ACCOUNT,
        **options,
    )
