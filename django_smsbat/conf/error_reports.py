"""Hide the `SMSBAT` setting in Django's debug page and error e-mails.

Django hides a setting, or an environment variable, by its name. It knows ``API_KEY`` and
``PASSWORD``, but not ``RATE_LIMIT_STORAGE`` (an address with a password), ``ACCOUNTS`` as JSON, or
the caller ids of flash calls. All names of this package are hidden, so that new settings are hidden
from the start.
"""

import re
from typing import Final

from django.http import HttpRequest
from django.views.debug import (
    SafeExceptionReporterFilter,
    get_default_exception_reporter_filter,
)

# A regular expression for the setting's name and the names of its environment variables.
HIDDEN: Final = "^SMSBAT(?:_|$)"
_PROBE: Final = "value-that-must-be-hidden"


def hide_own_settings() -> None:
    """Add this package's names to those that Django's filter hides; the others stay hidden.

    The class itself is changed, not a subclass: only the project could select a subclass, and a
    project that forgets it would show its secrets.
    """
    known = SafeExceptionReporterFilter.hidden_settings
    if HIDDEN not in known.pattern:
        both = re.compile(f"{known.pattern}|{HIDDEN}", known.flags)
        SafeExceptionReporterFilter.hidden_settings = both


def is_hidden() -> bool:
    """Whether the project's filter hides these names: it may have replaced Django's list."""
    request = HttpRequest()
    request.META = {"SMSBAT_ACCOUNTS": _PROBE}
    reports = get_default_exception_reporter_filter()
    setting = reports.cleanse_setting("SMSBAT", {"ACCOUNTS": _PROBE})
    return _PROBE not in f"{setting}{reports.get_safe_request_meta(request)}"
