"""Viber, SMS and RCS through SMSBAT for Django: campaigns, tracking, two-way, verification.

The ``send`` functions are imported on first use, because Django's models cannot be imported
before the apps are ready.
"""

from typing import TYPE_CHECKING, Any

from django_smsbat.gateway.statuses import Status

__version__ = "0.1.0"
__all__ = ["Status", "asend", "asend_many", "send", "send_many"]

if TYPE_CHECKING:
    from django_smsbat.services.sending.single import asend, asend_many, send, send_many


def __getattr__(name: str) -> Any:
    if name in ("asend", "asend_many", "send", "send_many"):
        from django_smsbat.services.sending import single

        return getattr(single, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
