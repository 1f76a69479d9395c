"""The frame for the package's own pages in the admin: questions, forms and reports."""

from typing import Any

from django.http import HttpRequest
from django.template.response import TemplateResponse


def own_page(
    page: Any, request: HttpRequest, template: str, title: object, **context: Any
) -> TemplateResponse:
    """Render a page in the admin's frame.

    Args:
        page: the `ModelAdmin` that the page belongs to.
        template: a path below ``admin/smsbat/``; the template extends ``question.html``.
    """
    frame = {
        **page.admin_site.each_context(request),
        "title": title,
        "opts": page.opts,
        "media": page.media,
    }
    return TemplateResponse(request, f"admin/smsbat/{template}", frame | context)
