"""The channels by which views send codes: all of `VERIFY_CHANNELS`, or a subset."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.urls import URLResolver, get_resolver

from django_smsbat import conf
from django_smsbat.models import Channel


class OffersChannels:
    """A view that sends codes.

    Attributes:
        channels: the channels that people may choose from; the first is the default. Empty for
            all of `VERIFY_CHANNELS`. Channels outside `VERIFY_CHANNELS` are not offered.
    """

    channels: Sequence[str] = ()

    def offered(self) -> list[Channel]:
        """Return the channels that this view offers.

        Raises:
            ImproperlyConfigured: if it offers no channel.
        """
        offered = allowed_of(self.channels)
        if not offered:
            raise ImproperlyConfigured(
                f"{type(self).__name__} offers no channel of SMSBAT['VERIFY_CHANNELS']"
            )
        return offered


def allowed_of(channels: Sequence[str]) -> list[Channel]:
    """Return the channels that `VERIFY_CHANNELS` allows; all of it for an empty list."""
    allowed = conf.current().verify_channels
    return [Channel(channel) for channel in channels or allowed if channel in allowed]


def is_offered(channel: Channel) -> bool:
    """Return whether a view in the project's URLs offers that channel."""
    if not conf.has_urls():
        return False
    return any(channel in allowed_of(channels) for channels in _channels_of(get_resolver()))


def _channels_of(resolver: URLResolver) -> Iterator[Sequence[str]]:
    """Yield the channels of each view in `resolver` that sends codes, `as_view` arguments first."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from _channels_of(pattern)
            continue
        view: Any = pattern.callback
        kind = getattr(view, "view_class", None)
        if isinstance(kind, type) and issubclass(kind, OffersChannels):
            yield getattr(view, "view_initkwargs", {}).get("channels", kind.channels)
