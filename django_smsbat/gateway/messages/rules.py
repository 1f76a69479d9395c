"""Validation functions for the message classes. Each error names the invalid field.

The limits are defined in `message_types`.
"""

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import fields
from functools import cache
from typing import Any, Final, cast
from urllib.parse import urlsplit

from phonenumbers import PhoneNumber

from django_smsbat.gateway import message_types, phones
from django_smsbat.gateway.text import is_blank

_SENDER: Final = re.compile(rf"[A-Za-z0-9]{{1,{message_types.SENDER_MAX}}}")
UNSENDABLE: Final = re.compile("[\x00\ud800-\udfff]")  # NUL, unpaired surrogate
_URL_MAX: Final = 2_048


class InvalidMessage(ValueError):
    """A message that SMSBAT would not accept.

    Attributes:
        field: the invalid argument, such as ``button_url`` or ``items[1].title``.
        reason: one sentence that states the valid form; it never quotes a secret.
    """

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


def require(condition: object, field: str, reason: str) -> None:
    if not condition:
        raise InvalidMessage(field, reason)


def check_phone(field: str, raw: object, *, mobile: bool = False) -> str:
    """Return the number in E.164, if it is valid in the numbering plans.

    Args:
        raw: text or a `phonenumbers.PhoneNumber`; national numbers use the app's region.
        mobile: whether it must be able to receive messages.
    """
    is_phone = isinstance(raw, str | PhoneNumber)
    require(is_phone, field, "give a phone number as text, such as +380671112233")
    try:
        return phones.normalise(raw, phones.default_region(), mobile=mobile)
    except phones.InvalidPhone as error:
        raise InvalidMessage(field, str(error)) from None


def check_text(field: str, text: str, maximum: int | None, *, required: bool = True) -> None:
    require(isinstance(text, str), field, "give text")
    if not text and not required:
        return
    require(
        not UNSENDABLE.search(text),
        field,
        "holds a character that cannot be sent (NUL or half a pair)",
    )
    require(not required or not is_blank(text), field, "must not be empty")
    if maximum is not None and len(text) > maximum:
        raise InvalidMessage(field, f"{len(text):,} characters; at most {maximum:,} are allowed")


def check_sender(field: str, sender: str, *, sms: bool) -> None:
    """Check a sender: Latin letters and digits or a phone number for SMS, any name elsewhere."""
    check_text(field, sender, message_types.ANY_SENDER_MAX, required=False)
    if not sender or not sms or _SENDER.fullmatch(sender):
        return
    try:
        phones.normalise(sender)
    except phones.InvalidPhone:
        raise InvalidMessage(
            field,
            f"up to {message_types.SENDER_MAX} Latin letters and digits, or a phone number",
        ) from None


def check_ttl(field: str, ttl: int | None, maximum: int | None) -> None:
    if ttl is None:
        return
    require(
        isinstance(ttl, int) and not isinstance(ttl, bool) and ttl > 0,
        field,
        "give whole seconds, more than 0",
    )
    most = message_types.TTL_MAX if maximum is None else maximum
    require(ttl <= most, field, f"{ttl:,} seconds; at most {most:,} are allowed")


def check_url(field: str, url: str, suffixes: Sequence[str] = ()) -> None:
    """Check an https URL; if its path has a file extension, it must be one of `suffixes`."""
    check_text(field, url, None)
    require(len(url) <= _URL_MAX, field, f"longer than {_URL_MAX:,} characters")
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        raise InvalidMessage(field, "not an address") from None
    fits = parts.scheme == "https" and host and not re.search(r"[\s\x00-\x1f]", url)
    require(fits, field, "must be an address that begins with https://")
    name = parts.path.rsplit("/", 1)[-1].lower()
    if suffixes and "." in name:
        require(name.endswith(tuple(suffixes)), field, f"must be a file of {' or '.join(suffixes)}")


def check_whole(field: str, number: int | None, maximum: int | None = None) -> None:
    """Check that a number is whole and above 0, or None."""
    if number is None:
        return
    require(
        isinstance(number, int) and not isinstance(number, bool) and number > 0,
        field,
        "give a whole number above 0",
    )
    if maximum is not None:
        require(number <= maximum, field, f"{number:,}; at most {maximum:,} is allowed")


def check_texts(field: str, owner: Any) -> None:
    """Check that every attribute declared as text is text: other types may pass as empty.

    Args:
        field: the owner's name followed by a dot, empty for a message.
    """
    for name in _declared_texts(cast(Hashable, type(owner))):
        require(isinstance(getattr(owner, name), str), f"{field}{name}", "give text")


@cache
def _declared_texts(kind: Any) -> tuple[str, ...]:
    return tuple(declared.name for declared in fields(kind) if declared.type is str)


def check_items(
    field: str, items: Sequence[object], kind: type, least: int, most: int | None
) -> None:
    """Check a list or tuple: the type of its items and their number."""
    require(isinstance(items, list | tuple), field, "give a list")
    for place, item in enumerate(items):
        right_type = isinstance(item, kind)
        require(right_type, f"{field}[{place}]", f"must be {_KIND_NAMES.get(kind, kind.__name__)}")
    right = f"{least} to {most} are allowed" if most is not None else f"at least {least} is needed"
    fits = len(items) >= least and (most is None or len(items) <= most)
    require(fits, field, f"has {len(items)}; {right}")


_KIND_NAMES: Final[dict[type, str]] = {str: "text"}


def check_keys(field: str, data: object, allowed: Sequence[str]) -> Mapping[str, Any]:
    """Return the mapping; refuse other types and unknown keys."""
    if not isinstance(data, Mapping):
        raise InvalidMessage(field, "must be an object with named values")
    unknown = sorted(str(key) for key in data if key not in allowed)
    if unknown:
        known = ", ".join(allowed) or "nothing"
        raise InvalidMessage(field, f"does not know {unknown[0]!r}; it takes {known}")
    return data
