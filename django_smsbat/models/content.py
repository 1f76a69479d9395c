"""The content columns that campaigns and messages have in common."""

from typing import Any, Final

from django_smsbat.gateway.messages import Content

CONTENT_FIELDS: Final = ("type", "sender", "text", "message_data", "ttl", "fallback_text")


class HasContent:
    """Mixin for models with the columns in `CONTENT_FIELDS`."""

    def content(self) -> Content:
        """Return the content for the gateway. A campaign's content still has its placeholders."""
        return Content(**fields_of(self))


def fields_of(owner: object) -> dict[str, Any]:
    """Return the content columns of a row or of a `Content`, to build the other one."""
    return {name: getattr(owner, name) for name in CONTENT_FIELDS}
