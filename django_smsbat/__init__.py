"""Viber, SMS and RCS through SMSBAT for Django: campaigns, tracking, two-way, verification.

``send`` and its kin are looked up when they are first used, because Django's models can't be
imported before the apps are ready.
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["asend", "asend_many", "send", "send_many"]

if TYPE_CHECKING:
    from django_smsbat.services.sending.single import asend, asend_many, send, send_many


def __getattr__(name: str) -> Any:
    if name in __all__:
        from django_smsbat.services.sending import single

        return getattr(single, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
