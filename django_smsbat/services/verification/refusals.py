"""Reasons for refusing to send a code. Forms and the API derive their messages from them."""

from enum import StrEnum


class Why(StrEnum):
    """The reasons. Each value is a sentence for logs and developers."""

    NOT_ALLOWED = "phones of this country or prefix are not verified here"
    NOT_MOBILE = "numbers of this kind are not verified here"
    CLOSED = "too few codes are entered for phones that begin like this one"
    COOLDOWN = "a code was sent to this phone a moment ago"
    PHONE_LIMIT = "too many codes were asked for this phone in an hour"
    ADDRESS_LIMIT = "too many codes were asked for from this address in an hour"
    FAILURES = "too many wrong codes were entered for this phone in a day"
    SITE_LIMIT = "too many codes were asked for in an hour"
    HELD_BACK = "SMSBAT is left alone for a while"


class NotStarted(Exception):
    """No code was sent, and nothing was stored.

    Attributes:
        why: the reason.
        retry_after: seconds until a retry is allowed; None if a retry never helps.
    """

    def __init__(self, why: Why, retry_after: float | None = None) -> None:
        later = "" if retry_after is None else f"; again in {retry_after:.0f} seconds"
        super().__init__(f"{why.value}{later}")
        self.why = why
        self.retry_after = retry_after
