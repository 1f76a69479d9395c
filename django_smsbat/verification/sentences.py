"""Messages for visitors: one for each reason of the services."""

from collections.abc import Mapping
from math import ceil
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from django_smsbat.models import VerificationStatus
from django_smsbat.services.verification.checking import Checked
from django_smsbat.services.verification.refusals import NotStarted, Why

_MINUTE: Final = 60

NOT_STARTED: Final[Mapping[Why, Promise]] = {
    Why.NOT_ALLOWED: gettext_lazy("Phones of this country cannot be verified here."),
    Why.NOT_MOBILE: gettext_lazy("Only mobile numbers can be verified here."),
    Why.CLOSED: gettext_lazy("No codes are sent to phones like this one at the moment."),
    Why.COOLDOWN: gettext_lazy("A code was asked for a moment ago."),
    Why.PHONE_LIMIT: gettext_lazy("Too many codes were asked for this phone."),
    Why.ADDRESS_LIMIT: gettext_lazy("Too many codes were asked for from your network."),
    Why.FAILURES: gettext_lazy("Too many wrong codes were entered for this phone."),
    Why.SITE_LIMIT: gettext_lazy("Too many codes are asked for at the moment."),
    Why.HELD_BACK: gettext_lazy("No codes can be sent at the moment."),
}
# The result of a check, if the code was not right.
NOT_VERIFIED: Final[Mapping[VerificationStatus, Promise]] = {
    VerificationStatus.PENDING: gettext_lazy("This is not the code."),
    VerificationStatus.VERIFIED: gettext_lazy("This code was used already."),
    VerificationStatus.EXPIRED: gettext_lazy("This code is good no longer: ask for another one."),
    VerificationStatus.EXHAUSTED: gettext_lazy("Too many wrong codes: ask for another one."),
    VerificationStatus.REPLACED: gettext_lazy("A newer code was sent: enter that one."),
    VerificationStatus.FAILED: gettext_lazy("The code could not be sent."),
}


def why_not_started(error: NotStarted) -> str:
    """Return the reason, and when to retry if waiting helps."""
    text = str(NOT_STARTED[error.why])
    if error.retry_after is None:
        return text
    if error.retry_after <= _MINUTE:
        seconds = max(1, ceil(error.retry_after))
        return f"{text} {_again_in_seconds(seconds)}"
    return f"{text} {_again_in_minutes(ceil(error.retry_after / _MINUTE))}"


def _again_in_seconds(seconds: int) -> str:
    text = ngettext("Try again in %(count)d second.", "Try again in %(count)d seconds.", seconds)
    return text % {"count": seconds}


def _again_in_minutes(minutes: int) -> str:
    text = ngettext("Try again in %(count)d minute.", "Try again in %(count)d minutes.", minutes)
    return text % {"count": minutes}


def why_not_verified(checked: Checked) -> str:
    """Return the reason, and the number of attempts left."""
    if checked.status is None:
        return _("There is no such verification: ask for a code.")
    text = str(NOT_VERIFIED[checked.status])
    if checked.status is not VerificationStatus.PENDING:
        return text
    left = ngettext(
        "You can try %(count)d more time.",
        "You can try %(count)d more times.",
        checked.attempts_left,
    )
    return f"{text} {left % {'count': checked.attempts_left}}"
