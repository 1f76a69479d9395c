"""The filter by which templates tell sentences of the services in the reader's language."""

from django import template

from django_smsbat.admin.sentences import told

register = template.Library()
register.filter("smsbat_said", told)
