"""The filter by which templates tell sentences of the services in the reader's language."""

from django import template

register = template.Library()


@register.filter
def smsbat_said(sentence: object) -> str:
    # Django imports the tags of all apps, also where the admin is not installed.
    from django_smsbat.admin.sentences import told

    return told(sentence)
