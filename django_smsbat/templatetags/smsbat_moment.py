"""The template filter that shows a time with the name of its time zone."""

from datetime import datetime

from django import template

register = template.Library()


@register.filter
def smsbat_moment(at: datetime | None, form: str = "Y-m-d H:i:s") -> str:
    # Django imports the tags of all apps, even if the admin is not installed.
    from django_smsbat.admin.formatting import moment

    return moment(at, form)
