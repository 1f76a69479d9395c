"""The frame of the pages that the admin has no own for: questions, forms, reports."""

from typing import Any

from django.http import HttpRequest
from django.template.response import TemplateResponse


def own_page(
    page: Any, request: HttpRequest, template: str, title: object, **context: Any
) -> TemplateResponse:
    """A page within the admin's frame.

    Args:
        page: the `ModelAdmin` that it belongs to.
        template: below ``admin/smsbat/``; it extends ``question.html``.
    """
    frame = {
        **page.admin_site.each_context(request),
        "title": title,
        "opts": page.opts,
        "media": page.media,
    }
    return TemplateResponse(request, f"admin/smsbat/{template}", frame | context)
