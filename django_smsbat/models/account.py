"""The `account` column: the SMSBAT account that sent or received a row."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from django_smsbat.conf import DEFAULT_ACCOUNT
from django_smsbat.conf.accounts import NAME_MAX


def account_field(**options: Any) -> "models.CharField[str, str]":
    """Return the column for an account's name in the settings.

    It has no `choices`, so that an account can be removed from the settings. The default is also
    set in the database: workers of the previous version keep inserting rows during an upgrade.
    """
    return models.CharField(
        _("account"),
        max_length=NAME_MAX,
        default=DEFAULT_ACCOUNT,
        db_default=DEFAULT_ACCOUNT,
        **options,
    )
