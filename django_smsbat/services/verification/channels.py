"""The ways by which views offer codes: those of `VERIFY_CHANNELS`, or some of them."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.urls import URLResolver, get_resolver

from django_smsbat import conf
from django_smsbat.models import Channel


class OffersChannels:
    """A view that sends codes.

    Attributes:
        channels: those that people may choose from, the first one by default; empty for all of
            `VERIFY_CHANNELS`. What is not in `VERIFY_CHANNELS` is not offered.
    """

    channels: Sequence[str] = ()

    def offered(self) -> list[Channel]:
        """The channels that this view offers.

        Raises:
            ImproperlyConfigured: when there are none.
        """
        found = allowed_of(self.channels)
        if not found:
            raise ImproperlyConfigured(
                f"{type(self).__name__} offers no channel of SMSBAT['VERIFY_CHANNELS']"
            )
        return found


def allowed_of(channels: Sequence[str]) -> list[Channel]:
    """Those of the channels that `VERIFY_CHANNELS` allows; all that it allows for an empty list."""
    allowed = conf.current().verify_channels
    return [Channel(one) for one in channels or allowed if one in allowed]


def is_offered(channel: Channel) -> bool:
    """Whether a view in the project's URLs offers that channel."""
    if not conf.has_urls():
        return False
    return any(channel in allowed_of(channels) for channels in _channels_of(get_resolver()))


def _channels_of(resolver: URLResolver) -> Iterator[Sequence[str]]:
    """The channels of each view below that sends codes, also of those given to ``as_view``."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from _channels_of(pattern)
            continue
        view: Any = pattern.callback
        kind = getattr(view, "view_class", None)
        if isinstance(kind, type) and issubclass(kind, OffersChannels):
            yield getattr(view, "view_initkwargs", {}).get("channels", kind.channels)
