"""Search forms of lists searched by phone: posted, so that no URL contains the number."""

import re
from typing import Any, Final

from django import template
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

_FORM: Final = re.compile(r'(<form\b[^>]*?\bmethod=)"get"([^>]*>)', re.IGNORECASE)


@register.simple_tag(takes_context=True)
def posted_search_form(context: Any) -> SafeString:
    """Render the theme's search form, with method POST if the list is searched by phone."""
    form = render_to_string("admin/search_form.html", context.flatten())
    page = context["cl"].model_admin
    if not hasattr(page, "searched_phone"):
        return form
    name = f"{page.admin_site.name}:{page.opts.app_label}_{page.opts.model_name}_search"
    token = format_html(
        '<input type="hidden" name="csrfmiddlewaretoken" value="{}">', context["csrf_token"]
    )
    posted = rf'\1"post" action="{reverse(name)}"\2{token}'
    return mark_safe(_FORM.sub(posted, form))  # noqa: S308 - both parts are escaped
