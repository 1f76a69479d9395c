"""What campaigns and messages have in common: the columns that hold what is said."""

from typing import Any, Final

from django_smsbat.gateway.messages import Content

CONTENT_FIELDS: Final = ("type", "sender", "text", "message_data", "ttl", "fallback_text")


class HasContent:
    """For models with the columns `CONTENT_FIELDS`."""

    def content(self) -> Content:
        """What is said, as the gateway takes it; of a campaign with placeholders in place."""
        return Content(**fields_of(self))


def fields_of(owner: object) -> dict[str, Any]:
    """The same columns from content or from a row, to make the other of them."""
    return {name: getattr(owner, name) for name in CONTENT_FIELDS}
