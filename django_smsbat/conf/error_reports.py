"""Keeps the `SMSBAT` setting out of Django's debug page and error mails.

Django hides a setting, or a variable of the environment, by its name. It knows ``API_KEY`` and
``PASSWORD``; it does not know ``RATE_LIMIT_STORAGE``, an address with a password, ``ACCOUNTS`` as
JSON, or the numbers that flash calls come from. All our names are hidden, so that a new setting is
hidden from its first day.
"""

import re
from typing import Final

from django.http import HttpRequest
from django.views.debug import (
    SafeExceptionReporterFilter,
    get_default_exception_reporter_filter,
)

# The names of our setting and of our variables of the environment, as a regular expression.
HIDDEN: Final = "^SMSBAT(?:_|$)"
_PROBE: Final = "value-that-must-be-hidden"


def hide_own_settings() -> None:
    """Add our names to those that Django's filter hides; what it hides already stays hidden.

    On Django's class, not on a subclass: only the project could choose that one, and a project that
    forgets it would show its secrets.
    """
    known = SafeExceptionReporterFilter.hidden_settings
    if HIDDEN not in known.pattern:
        both = re.compile(f"{known.pattern}|{HIDDEN}", known.flags)
        SafeExceptionReporterFilter.hidden_settings = both


def is_hidden() -> bool:
    """Whether the project's filter hides our names: it may have replaced Django's list."""
    request = HttpRequest()
    request.META = {"SMSBAT_ACCOUNTS": _PROBE}
    reports = get_default_exception_reporter_filter()
    setting = reports.cleanse_setting("SMSBAT", {"ACCOUNTS": _PROBE})
    return _PROBE not in f"{setting}{reports.get_safe_request_meta(request)}"
