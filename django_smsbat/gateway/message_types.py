"""Message types and the limits that SMSBAT documents for them.

This module contains facts only. The message classes apply them; the admin and the sandbox read
them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class MessageType(StrEnum):
    """The values of `type` on the wire."""

    SMS = "sms"
    VIBER_PROMO = "viber_promo"
    VIBER_TRANSACTIONAL = "viber_trans"
    VIBER_CAROUSEL = "viber_carousel"
    VIBER_SURVEY = "viber_survey"
    VIBER_OTP = "viber_otp"
    RCS = "rcs"
    FLASH_CALL = "flashcall"


class Purpose(StrEnum):
    """Whether a message needs the recipient's consent."""

    PROMOTIONAL = "promotional"
    TRANSACTIONAL = "transactional"
    AS_STATED = "as_stated"  # as the campaign states; transactional for single messages


@dataclass(frozen=True)
class TypeFacts:
    """The documented facts of one message type.

    Attributes:
        channel: the first channel, as named in SMSBAT's ``extendedStatuses``.
        purpose: whether it requires consent.
        text_max: characters, None if no document states a limit.
        has_text: whether the type has free text at all.
        ttl_advice: seconds, from and to, as SMSBAT recommends.
        ttl_max: seconds, None if no document states a limit.
        has_fallback: whether an SMS may be sent if the first channel fails.
    """

    channel: str
    purpose: Purpose
    text_max: int | None
    has_text: bool
    ttl_advice: tuple[int, int]
    ttl_max: int | None = None
    has_fallback: bool = True


_HOUR: Final = 3_600
_DAY: Final = 86_400

TYPES: Final[dict[MessageType, TypeFacts]] = {
    MessageType.SMS: TypeFacts(
        channel="sms",
        purpose=Purpose.AS_STATED,
        text_max=None,
        has_text=True,
        ttl_advice=(_HOUR, 3 * _DAY),
        has_fallback=False,
    ),
    MessageType.VIBER_PROMO: TypeFacts(
        channel="viber",
        purpose=Purpose.PROMOTIONAL,
        text_max=1_000,
        has_text=True,
        ttl_advice=(_HOUR, 3 * _DAY),
    ),
    MessageType.VIBER_TRANSACTIONAL: TypeFacts(
        channel="viber",
        purpose=Purpose.TRANSACTIONAL,
        text_max=None,
        has_text=True,
        ttl_advice=(_DAY, _DAY),
    ),
    MessageType.VIBER_CAROUSEL: TypeFacts(
        channel="viber",
        purpose=Purpose.PROMOTIONAL,
        text_max=None,
        has_text=True,
        ttl_advice=(_HOUR, 3 * _DAY),
    ),
    MessageType.VIBER_SURVEY: TypeFacts(
        channel="viber",
        purpose=Purpose.PROMOTIONAL,
        text_max=85,
        has_text=True,
        ttl_advice=(7 * _DAY, 30 * _DAY),
    ),
    MessageType.VIBER_OTP: TypeFacts(
        channel="viber",
        purpose=Purpose.TRANSACTIONAL,
        text_max=0,
        has_text=False,
        ttl_advice=(300, 600),
    ),
    MessageType.RCS: TypeFacts(
        channel="rcs",
        purpose=Purpose.AS_STATED,
        text_max=3_072,
        has_text=True,
        ttl_advice=(_HOUR, 3 * _DAY),
    ),
    MessageType.FLASH_CALL: TypeFacts(
        channel="flashcall",
        purpose=Purpose.TRANSACTIONAL,
        text_max=0,
        has_text=False,
        ttl_advice=(60, 90),
        ttl_max=120,
    ),
}

SENDER_MAX: Final = 11  # Latin letters and digits, for SMS; or a phone number
BUTTON_TEXT_MAX: Final = 30  # of a promotional Viber message; undocumented for other types

# Not documented; these are the limits of this package's own columns.
ANY_SENDER_MAX: Final = 64  # characters
TTL_MAX: Final = 2_147_483_647  # seconds
SURVEY_OPTIONS: Final = (2, 5)
SURVEY_OPTION_MAX: Final = 30
RCS_BUTTONS_MAX: Final = 4
FLASH_CALL_TTL: Final = 60  # SMSBAT's default
FLASH_CALL_DIGITS: Final = 6  # the last digits of the caller's number in the documented pattern

MEGABYTE: Final = 1_048_576
VIBER_IMAGE_BYTES_MAX: Final = MEGABYTE
VIBER_VIDEO_BYTES_MAX: Final = 10 * MEGABYTE

VIBER_IMAGE_SUFFIXES: Final = (".jpg", ".jpeg", ".png")
VIBER_VIDEO_SUFFIXES: Final = (".mp4",)


class MediaKind(StrEnum):
    """The kinds of media in an RCS message."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"


@dataclass(frozen=True)
class MediaFacts:
    """The documented formats and limits of one kind of media.

    Attributes:
        formats: the formats as the documents name them.
        mime_types: the registered (IANA) names of these formats.
        bytes_max: maximum file size.
        seconds_max: maximum duration, None for a picture.
    """

    formats: str
    mime_types: tuple[str, ...]
    bytes_max: int
    seconds_max: int | None = None


# The documents name two audio formats, MP3 and AAC. Their registered names are audio/mpeg (RFC
# 3003) and audio/aac. "audio/mp3" is not registered. "audio/mp4" is a container for several codecs,
# and no document names it.
RCS_MEDIA: Final[Mapping[MediaKind, MediaFacts]] = {
    MediaKind.IMAGE: MediaFacts(
        "JPEG, PNG, GIF", ("image/jpeg", "image/png", "image/gif"), 2 * MEGABYTE
    ),
    MediaKind.VIDEO: MediaFacts("MP4, 3GP", ("video/mp4", "video/3gpp"), 10 * MEGABYTE, 120),
    MediaKind.AUDIO: MediaFacts("MP3, AAC", ("audio/mpeg", "audio/aac"), 5 * MEGABYTE, 300),
}
RCS_MEDIA_TYPES: Final = tuple(name for one in RCS_MEDIA.values() for name in one.mime_types)


def media_kind(mime_type: str) -> MediaKind | None:
    """Return the kind of media of a MIME type, None for a type that RCS does not accept."""
    return next((kind for kind, one in RCS_MEDIA.items() if mime_type in one.mime_types), None)


BATCH_MAX: Final = 5_000  # messages in one request

# The valid combinations in a promotional Viber message. Image with text, or image with a button, is
# not one of them: Viber shows an image either alone or with both.
PROMO_COMBINATIONS: Final = frozenset(
    frozenset(parts.split("+"))
    for parts in (
        "image",
        "text",
        "text+button",
        "image+text+button",
        "video",
        "video+text",
        "video+text+button",
    )
)


def is_promotional(message_type: str, *, transactional_campaign: bool | None) -> bool:
    """Whether opt-outs and quiet hours apply to a message.

    Args:
        message_type: a value of `MessageType`.
        transactional_campaign: the campaign's setting; None for a single message.
    """
    purpose = TYPES[MessageType(message_type)].purpose
    if purpose is Purpose.AS_STATED:
        return transactional_campaign is False
    return purpose is Purpose.PROMOTIONAL
