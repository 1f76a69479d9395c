"""The message classes for users of the package; they live in `django_smsbat.gateway.messages`."""

from django_smsbat.gateway.messages import *  # noqa: F403 - the same names, promised here
from django_smsbat.gateway.messages import __all__ as __all__  # noqa: PLC0414
