"""The template tag that shows the dashboard on the app's admin page."""

from typing import Any

from django import template

register = template.Library()


@register.inclusion_tag("admin/smsbat/dashboard.html", takes_context=True)
def smsbat_dashboard(context: Any) -> dict[str, Any]:
    # Django imports the tags of all apps, even if the admin is not installed.
    from django_smsbat.admin.dashboard import dashboard

    return dashboard(context["request"])
