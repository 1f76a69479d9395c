"""The template filter that translates sentences of the services into the reader's language."""

from django import template

register = template.Library()


@register.filter
def smsbat_translated(sentence: object) -> str:
    # Django imports the tags of all apps, even if the admin is not installed.
    from django_smsbat.admin.sentences import translated

    return translated(sentence)
