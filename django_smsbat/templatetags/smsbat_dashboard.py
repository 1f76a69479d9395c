"""The tag by which the app's page of the admin shows the dashboard."""

from typing import Any

from django import template

from django_smsbat.admin.dashboard import dashboard

register = template.Library()


@register.inclusion_tag("admin/django_smsbat/dashboard.html", takes_context=True)
def smsbat_dashboard(context: Any) -> dict[str, Any]:
    return dashboard(context["request"])
